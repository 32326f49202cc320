// Runs a form in survey-core, the part of SurveyJS that decides. Reads on its standard input
//   {definition, people: [data, …], walked: number of people, conditions: [expression, …]}
// and writes {faults, ticked, people: [{loaded, met, answered, kept, errors}, …]}.
// ticked: for each multiple choice, what remains ticked as one box after the other is.
// loaded: what is visible once the answers are loaded in one go, as when a form is resumed.
// The first `walked` people are looked at more closely. met: whether each condition holds for them.
// They also give their answers one by one, in the order of the form, coming back on the answers of
// the person before: what this hides must be forgotten. answered: what is visible then; kept: the
// data of the form; errors: what stops it from being sent.
import { readFileSync } from "node:fs";
import { ConditionRunner, Model, settings } from "survey-core";
import "survey-core/i18n/french";

settings.autoFocusFirstError = false;
const faults = [];
for (const level of ["warn", "error"]) console[level] = (text) => faults.push(String(text));

function opened(definition) {
  const survey = new Model(definition);
  for (const error of survey.jsonErrors ?? []) faults.push(error.message);
  for (const { errors } of survey.validateExpressions())
    // to survey-core a grid without answers is an unknown variable
    for (const error of errors.filter((each) => !survey.getQuestionByName(each.variableName)))
      faults.push(JSON.stringify(error));
  survey.start();
  return survey;
}

function visible(survey) {
  const names = [];
  for (const question of survey.getAllQuestions()) {
    if (!question.isVisible || !question.page.isVisible || question.getType() === "html") continue;
    names.push(question.name);
    for (const row of question.visibleRows ?? []) names.push(`${question.name}[${row.name}]`);
    for (const choice of question.visibleChoices ?? question.visibleColumns ?? [])
      names.push(`${question.name}=${choice.value}`);
  }
  return names;
}

function walk(survey, data) {
  for (const question of survey.getAllQuestions()) {
    if (!question.isVisible) continue;
    if (question.name in data) question.value = data[question.name];
    else question.clearValue();
  }
  survey.validate(true, false);
  const errors = survey
    .getAllQuestions()
    .flatMap((question) => question.errors.map((error) => `${question.name}: ${error.text}`));
  return { answered: visible(survey), kept: survey.data, errors };
}

function tickedOneByOne(survey) {
  survey.showInvisibleElements = true;
  const boxes = survey.getAllQuestions().filter((question) => question.getType() === "checkbox");
  const ticked = (question) =>
    question.visibleChoices.map(({ value }) => {
      question.renderedValue = [...question.renderedValue, value];
      return [...question.value];
    });
  return Object.fromEntries(boxes.map((question) => [question.name, ticked(question)]));
}

const { definition, people, walked, conditions } = JSON.parse(readFileSync(0, "utf-8"));
const resumed = opened(definition);
const changing = opened(definition);
const runners = conditions.map((expression) => new ConditionRunner(expression));
const results = people.map((data, position) => {
  resumed.data = structuredClone(data);
  const loaded = visible(resumed);
  if (position >= walked) return { loaded };
  const met = runners.map((runner) => runner.runContext(resumed.getValueGetterContext()));
  return { loaded, met, ...walk(changing, structuredClone(data)) };
});
process.stdout.write(JSON.stringify({ faults, ticked: tickedOneByOne(opened(definition)), people: results }));
