"""What DDI-Codebook 2.5 allows of the elements written here: order, number, attributes, references.

Written from the field-level documentation of the standard, stricter than it where the observatory
means more: an element or an attribute that is not in these tables is a fault.
"""

import re
from collections import Counter
from xml.etree.ElementTree import Element

NAMESPACE = "{ddi:codebook:2_5}"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
NCNAME = re.compile(r"[^\W\d][\w.\-]*\Z")
ISO_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?\Z")

# Children in the order of the standard: `?` at most one, `*` any number, `+` one or more, `!` one.
CHILDREN = {
    "codeBook": "docDscr* stdyDscr+ fileDscr* dataDscr* otherMat*",
    "docDscr": "citation? guide? docStatus? docSrc* controlledVocabUsed* notes*",
    "stdyDscr": "citation+ studyAuthorization* stdyInfo* studyDevelopment* method* dataAccs* "
    "othrStdyMat* notes*",
    "citation": "titlStmt! rspStmt? prodStmt? distStmt? serStmt* verStmt* biblCit? holdings* "
    "notes*",
    "titlStmt": "titl! subTitl* altTitl* parTitl* IDNo*",
    "rspStmt": "AuthEnty* othId*",
    "prodStmt": "producer* copyright? prodDate* prodPlac* software* fundAg* grantNo*",
    "serStmt": "serName* serInfo*",
    "verStmt": "version? verResp? notes*",
    "stdyInfo": "studyBudget* subject* abstract* sumDscr* qualityStatement? notes* "
    "exPostEvaluation*",
    "subject": "keyword* topcClas*",
    "sumDscr": "timePrd* collDate* nation* geogCover* geogUnit* geoBndBox? boundPoly* anlyUnit* "
    "universe* dataKind*",
    "method": "dataColl* notes* anlyInfo? stdyClas? dataProcessing* codingInstructions*",
    "dataColl": "timeMeth* dataCollector* collectorTraining* frequenc* sampProc* sampleFrame* "
    "targetSampleSize* deviat* collMode* resInstru* instrumentDevelopment* sources? collSitu* "
    "actMin* ConOps* weight* cleanOps*",
    "dataAccs": "setAvail* useStmt* notes*",
    "useStmt": "confDec? specPerm? restrctn? contact* citReq? deposReq? conditions? disclaimer?",
    "fileDscr": "fileTxt* locMap? notes*",
    "fileTxt": "fileName? fileCitation? fileCont? fileStrc? dimensns? fileType? format? filePlac? "
    "dataChck* ProcStat? dataMsng? software* verStmt?",
    "dimensns": "caseQnty* varQnty* logRecL* recPrCas* recNumTot*",
    "dataDscr": "varGrp* nCubeGrp* var* nCube* notes*",
    "varGrp": "labl* txt* concept* defntn? universe? notes*",
    "var": "location* labl* imputation? security? embargo? respUnit? anlysUnit? qstn* valrng* "
    "invalrng* undocCod* universe* TotlResp? sumStat* txt* stdCatgry* catgryGrp* catgry* codInstr* "
    "verStmt* concept* derivation? varFormat? geoMap* catLevel* notes*",
    "qstn": "preQTxt* qstnLit* postQTxt* forward* backward* ivuInstr*",
    "valrng": "item* range* key? notes*",
    "invalrng": "item* range* key? notes*",
    "catgry": "catValu? labl* txt* catStat* mrow?",
    "item": "",
    "range": "",
    "varFormat": "",
}
TEXTS = (
    "titl IDNo AuthEnty producer prodDate serName version keyword abstract timePrd collDate nation "
    "geogCover anlyUnit universe dataKind timeMeth dataCollector frequenc sampProc collMode "
    "resInstru weight confDec contact fileName fileCont caseQnty varQnty format dataMsng notes "
    "labl txt concept preQTxt qstnLit postQTxt ivuInstr key catValu"
)
# Attribute: pattern of its value; a name ending with `!` is required.
CODED = {
    "group": "section|multipleResp|grid|display|repetition|subject|version|iteration|analysis|"
    "pragmatic|record|file|randomized|other",
    "response": "text|numeric|code|category|datetime|geographic|multiple|other",
    "representation": "text|numeric|code|datetime|other",
}
ATTRIBUTES = {
    "codeBook": {"version!": "2\\.5", LANGUAGE + "!": "fr", LOCATION: "ddi:codebook:2_5 http\\S+"},
    "prodDate": {"date!": ISO_DATE.pattern},
    "timePrd": {"date!": ISO_DATE.pattern, "event": "start|end|single"},
    "collDate": {"date!": ISO_DATE.pattern, "event!": "start|end|single"},
    "fileDscr": {"ID!": NCNAME.pattern},
    "varGrp": {
        "ID!": NCNAME.pattern,
        "type!": CODED["group"],
        "name!": ".+",
        "var!": ".+",
        "varGrp": ".+",
    },
    "var": {
        "ID!": NCNAME.pattern,
        "name!": ".+",
        "files!": ".+",
        "intrvl!": "contin|discrete",
        "representationType!": CODED["representation"],
        "measUnit": ".+",
    },
    "qstn": {"seqNo!": "\\d+", "responseDomainType!": CODED["response"]},
    "range": {"UNITS!": "INT|REAL", "min": ".+", "max": ".+"},
    "item": {"VALUE!": ".+", "UNITS": "INT|REAL"},
    "catgry": {"missing": "Y|N", "missType": ".+"},
    "concept": {"vocab!": ".+"},
    "varFormat": {"type!": "character|numeric", "schema!": "other", "formatname!": "\\w+"},
    "notes": {"type!": ".+", "subject": ".+"},
}
REFERENCES = {
    ("varGrp", "var"): "var",
    ("varGrp", "varGrp"): "varGrp",
    ("var", "files"): "fileDscr",
}


def structure_faults(root: Element) -> list[str]:
    """Everything the document does that the tables do not allow, one line a fault."""
    if root.tag != f"{NAMESPACE}codeBook":
        return [f"root: {root.tag}"]
    faults = [fault for element in root.iter() for fault in _element_faults(element)]
    return faults + _reference_faults(root)


def _element_faults(element: Element) -> list[str]:
    tag = element.tag.removeprefix(NAMESPACE)
    text = (element.text or "").strip()
    faults = []
    if tag in TEXTS.split():
        if len(element) or not text:
            faults.append(f"{tag}: a text is expected")
    elif tag in CHILDREN:
        if text or any((child.tail or "").strip() for child in element):
            faults.append(f"{tag}: no text is allowed")
        faults += _order_faults(tag, [child.tag.removeprefix(NAMESPACE) for child in element])
    else:
        return [f"{tag}: unknown element"]
    if tag in ("valrng", "invalrng") and not any(c.tag[-4:] in ("item", "ange") for c in element):
        faults.append(f"{tag}: an item or a range is expected")
    return faults + _attribute_faults(tag, element)


def _order_faults(tag: str, found: list[str]) -> list[str]:
    allowed = {name[:-1]: name[-1] for name in CHILDREN[tag].split()}
    faults = [f"{tag}: {name} is not allowed" for name in found if name not in allowed]
    ranks = [list(allowed).index(name) for name in found if name in allowed]
    if ranks != sorted(ranks):
        faults.append(f"{tag}: children out of order, {found}")
    number = Counter(found)
    for name, times in allowed.items():
        too_few, too_many = times in "!+" and not number[name], number[name] > 1
        if too_few or (times in "!?" and too_many):
            faults.append(f"{tag}: {number[name]} times {name}")
    return faults


def _attribute_faults(tag: str, element: Element) -> list[str]:
    allowed = ATTRIBUTES.get(tag, {})
    patterns = {name.removesuffix("!"): pattern for name, pattern in allowed.items()}
    required = {name.removesuffix("!") for name in allowed if name.endswith("!")}
    faults = [f"{tag}: {name} is missing" for name in required - element.attrib.keys()]
    for name, value in element.attrib.items():
        if name not in patterns:
            faults.append(f"{tag}: attribute {name} is not allowed")
        elif not re.fullmatch(patterns[name], value):
            faults.append(f"{tag}: {name}={value!r}")
    return faults


def _reference_faults(root: Element) -> list[str]:
    """Identifiers given twice, references to nothing or to the wrong kind."""
    kinds = {e.get("ID"): e.tag.removeprefix(NAMESPACE) for e in root.iter() if e.get("ID")}
    given = Counter(element.get("ID") for element in root.iter() if element.get("ID"))
    faults = [f"ID {name} is given {times} times" for name, times in given.items() if times > 1]
    for element in root.iter():
        for (tag, attribute), kind in REFERENCES.items():
            if element.tag == NAMESPACE + tag and attribute in element.attrib:
                names = element.get(attribute).split()
                faults += [f"{tag}: {n} is no {kind}" for n in names if kinds.get(n) != kind]
    return faults
