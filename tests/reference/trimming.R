# Trimmed weights of R survey on the `api` data, read by tests/analysis/test_trimming.py.
# Made with R 4.2.2 and survey 4.1.1:  Rscript trimming.R   (in this folder)
#
# Writes trimming.csv: case, row, weight (trimmed). Rows are those of calibration_samples.csv (data =
# apistrat). Two starting weights: pw, and "spread", pw x (0.4 + (row mod 11) / 5), which is stretched
# enough to be trimmed. Cases:
# - equal: trimWeights(strict = TRUE), upper limit alone: what is cut is shared in equal quantities.
#   (With a lower limit too, R leaves the weights first found too small at the limit, however much
#   is shared afterwards, so the two-sided case is not compared.)
# - linear, raking: calibrate(bounds = list(lower, upper), bounds.const = TRUE): weights between
#   limits that meet the totals of apipop, by the chi-square distance and that of the raking ratio.
suppressMessages(library(survey))
data(api)
options(digits = 17)
stopifnot(getRversion() == "4.2.2", packageVersion("survey") == "4.1.1")

apistrat$spread <- apistrat$pw * (0.4 + (seq_len(nrow(apistrat)) %% 11) / 5)
spread <- svydesign(id = ~1, strata = ~stype, weights = ~spread, data = apistrat)
population <- apipop[!is.na(apipop$enroll), ]
case <- function(name, design) {
  data.frame(case = name, row = seq_len(nrow(apistrat)), weight = as.vector(weights(design)))
}
calibrated <- function(formula, lower, upper, calfun) {
  n <- nrow(apistrat)
  calibrate(spread, formula, colSums(model.matrix(formula, population)), calfun = calfun,
            bounds = list(lower = rep(lower, n), upper = rep(upper, n)), bounds.const = TRUE,
            epsilon = 1e-12, maxit = 1000)
}
counts <- ~stype + sch.wide
numbers <- ~stype + sch.wide + enroll + api00
result <- rbind(
  case("equal|60", trimWeights(spread, upper = 60, strict = TRUE)),
  case("linear|counts|8|60", calibrated(counts, 8, 60, "linear")),
  case("linear|numbers|8|60", calibrated(numbers, 8, 60, "linear")),
  case("raking|counts|8|60", calibrated(counts, 8, 60, "raking")),
  case("raking|numbers|8|60", calibrated(numbers, 8, 60, "raking"))
)
write.csv(result, "trimming.csv", row.names = FALSE, quote = FALSE)
