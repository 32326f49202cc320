# Calibrated weights of R survey and R sampling on the `api` data, read by
# tests/analysis/test_calibration_reference.py.
# Made with R 4.2.2, survey 4.1.1 and sampling 2.9:  Rscript calibration.R   (in this folder)
#
# Writes calibration_samples.csv (the columns used of apistrat and apiclus1, and q),
# calibration_margins.csv (totals of apipop; empty category = total of a number) and
# calibration_weights.csv (case = sample|margins|method, row, weight). Margins: stype and sch.wide
# always; awards too in "three"; enroll and api00 in "numbers".
#
# calibrate() is asked for epsilon 1e-12 (relative to 1 + total); its "linear" is exact. calib() of
# sampling stops at a relative gap of 1e-6: here its own code is run with 1e-12. Its "truncated"
# fixes rows at bounds for good as it goes, which need not give the closest weights; R survey's
# linear with bounds does, and is the judge of truncated weights.
suppressMessages({library(survey); library(sampling)})
data(api)
options(digits = 17)
stopifnot(getRversion() == "4.2.2", packageVersion("survey") == "4.1.1",
          packageVersion("sampling") == "2.9")

apistrat$q <- 0.5 + (seq_len(nrow(apistrat)) %% 7) / 4
apiclus1$q <- 0.5 + (seq_len(nrow(apiclus1)) %% 7) / 4
columns <- c("stype", "sch.wide", "awards", "enroll", "api00", "dnum", "pw", "q")
samples <- rbind(cbind(data = "apistrat", apistrat[columns]), cbind(data = "apiclus1", apiclus1[columns]))
names(samples) <- gsub(".", "_", names(samples), fixed = TRUE)
write.csv(samples, "calibration_samples.csv", row.names = FALSE, quote = FALSE)

population <- apipop[!is.na(apipop$enroll), ]
counts <- do.call(rbind, lapply(c("stype", "sch.wide", "awards"), function(v) {
  t <- table(population[[v]])
  data.frame(variable = gsub(".", "_", v, fixed = TRUE), category = names(t), total = as.vector(t))
}))
numbers <- data.frame(variable = c("enroll", "api00"), category = "",
                      total = c(sum(population$enroll), sum(population$api00)))
write.csv(rbind(counts, numbers), "calibration_margins.csv", row.names = FALSE, quote = FALSE)

formulas <- list(two = ~stype + sch.wide, three = ~stype + sch.wide + awards,
                 numbers = ~stype + sch.wide + enroll + api00)
totals <- lapply(formulas, function(f) colSums(model.matrix(f, population)))
designs <- list(apistrat = svydesign(id = ~1, strata = ~stype, weights = ~pw, data = apistrat),
                apiclus1 = svydesign(id = ~dnum, weights = ~pw, data = apiclus1))
weight <- list()
add <- function(case, w) weight[[case]] <<- data.frame(case = case, row = seq_along(w), weight = w)
fit <- function(data, margins, ...) {
  weights(calibrate(designs[[data]], formulas[[margins]], totals[[margins]], epsilon = 1e-12,
                    maxit = 500, ...))
}
for (data in names(designs)) for (margins in names(formulas)) {
  name <- function(method) paste(data, margins, method, sep = "|")
  add(name("linear"), fit(data, margins, calfun = "linear"))
  add(name("raking"), fit(data, margins, calfun = "raking"))
}
# bounds which some weights reach, and within which calibrate() converges
bounds <- list("apistrat|numbers" = c(0.85, 1.2), "apiclus1|two" = c(0.8, 1.7),
               "apiclus1|three" = c(0.8, 1.7), "apiclus1|numbers" = c(0.5, 1.8))
for (case in names(bounds)) {
  part <- strsplit(case, "|", fixed = TRUE)[[1]]
  name <- function(method) paste(case, method, sep = "|")
  add(name("truncated"), fit(part[1], part[2], calfun = "linear", bounds = bounds[[case]]))
  add(name("clipped"), fit(part[1], part[2], calfun = "raking", bounds = bounds[[case]]))
}
for (margins in names(formulas)) {
  name <- function(method) paste("apistrat", margins, method, sep = "|")
  add(name("logit"), fit("apistrat", margins, calfun = "logit", bounds = c(0.6, 1.8)))
  # variance = 1 / q
  add(name("linear_q"), fit("apistrat", margins, calfun = "linear", variance = 1 / apistrat$q))
}
for (margins in c("two", "numbers")) for (method in c("linear", "raking")) {
  add(paste("apiclus1", margins, paste0(method, "_unit"), sep = "|"),
      fit("apiclus1", margins, calfun = method, aggregate.stage = 1))
}
# sampling::calib, with unequal q
calib <- eval(parse(text = sub("EPS1 = 1e-06", "EPS1 = 1e-12", deparse(calib), fixed = TRUE)),
              asNamespace("sampling"))
X <- model.matrix(formulas$three, apistrat)
for (method in c("linear", "raking", "logit")) {
  g <- if (method == "logit") {
    calib(X, apistrat$pw, totals$three, q = apistrat$q, method = "logit", bounds = c(0.5, 2))
  } else calib(X, apistrat$pw, totals$three, q = apistrat$q, method = method)
  add(paste("apistrat", "three", paste0("sampling_", method), sep = "|"), apistrat$pw * as.vector(g))
}
g <- calib(X, apistrat$pw, totals$three, method = "truncated", bounds = c(0.79, 1.07))
add("apistrat|three|sampling_truncated", apistrat$pw * as.vector(g))
write.csv(do.call(rbind, weight), "calibration_weights.csv", row.names = FALSE, quote = FALSE)
