# Replicate variances of R survey on its own `api` data sets, read by tests/analysis/test_replication.py.
# Made with R 4.2.2 and survey 4.1.1:  Rscript replication.R   (in this folder; rows are those of
# apisrs.csv, apistrat.csv, apiclus1.csv, apiclus2.csv)
#
# Writes replication_weights.csv (replicate weights R drew: design, row, replicate, weight, with the
# sampling weight multiplied in) and replication.csv (estimates).
#
# designs made by both sides: jk1 (apiclus1), jkn and jkn_nofpc (apistrat), jkn_adjust, jkn_average,
# jkn_certainty (apistrat with one high school left). Designs whose weights are read: brr, fay
# (apisrs cut into 20 strata of two clusters of 5 rows, Fay's rho 0.3), boot (subbootstrap, apiclus1),
# mrb (Preston, apiclus2, two stages), given and given_mse (weights of boot, scale 0.03,
# rscales 0.1, 0.2, ...). Re-calibrated: raking, linear, logit, truncated (jk1), boot_raking (boot).
#
# A domain is subset(); df is the rank of its replicate weights minus 1 (degf); intervals of means use
# it. A replicate that has no row in a domain is left out by R, with a warning. Quantiles have their
# default interval, Woodruff's (interval.type = "mean"), qrule = "math".
suppressMessages(library(survey))
data(api)
options(digits = 17, survey.lonely.psu = "adjust")
set.seed(20)
apiclus2$enroll[is.na(apiclus2$enroll)] <- 0  # missing enrolment counts as 0 here

strat <- svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = apistrat)
clus1 <- svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = apiclus1)
clus2 <- svydesign(id = ~dnum + snum, fpc = ~fpc1 + fpc2, data = apiclus2)
apisrs$pair <- (seq_len(nrow(apisrs)) - 1) %/% 10
apisrs$half <- (seq_len(nrow(apisrs)) - 1) %/% 5
pairs <- svydesign(id = ~half, strata = ~pair, weights = ~pw, data = apisrs)
one_high <- apistrat[apistrat$stype != "H" | !duplicated(apistrat$stype), ]
lonely <- svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = one_high)
jkn_lonely <- function(option) {
  options(survey.lonely.psu = option)
  design <- as.svrepdesign(lonely, type = "JKn")
  options(survey.lonely.psu = "adjust")
  design
}
jk1 <- as.svrepdesign(clus1, type = "JK1")
boot <- as.svrepdesign(clus1, type = "subbootstrap", replicates = 24)
given <- function(mse) {
  svrepdesign(data = apiclus1, weights = ~pw, repweights = weights(boot, "analysis"),
              type = "other", scale = 0.03, rscales = seq_len(24) / 10, combined.weights = TRUE, mse = mse)
}
formula <- ~stype + sch.wide + awards
population <- colSums(model.matrix(formula, apipop))
calibrated <- function(design, ...) {
  calibrate(design, formula, population, epsilon = 1e-13, maxit = 200, ...)
}
designs <- suppressWarnings(list(
  jk1 = jk1,
  jkn = as.svrepdesign(strat, type = "JKn"),
  jkn_nofpc = as.svrepdesign(svydesign(id = ~1, strata = ~stype, weights = ~pw, data = apistrat),
                             type = "JKn"),
  jkn_adjust = jkn_lonely("adjust"),
  jkn_average = jkn_lonely("average"),
  jkn_certainty = jkn_lonely("certainty"),
  brr = as.svrepdesign(pairs, type = "BRR"),
  fay = as.svrepdesign(pairs, type = "Fay", fay.rho = 0.3),
  boot = boot,
  mrb = as.svrepdesign(clus2, type = "mrbbootstrap", replicates = 20),
  given = given(FALSE),
  given_mse = given(TRUE),
  raking = calibrated(jk1, calfun = "raking"),
  linear = calibrated(jk1, calfun = "linear"),
  logit = calibrated(jk1, calfun = "logit", bounds = c(0.2, 4)),
  truncated = calibrated(jk1, calfun = "linear", bounds = c(0.4, 2.6)),
  boot_raking = calibrated(boot, calfun = "raking")
))

exported <- do.call(rbind, lapply(c("brr", "fay", "boot", "mrb"), function(name) {
  w <- as.matrix(weights(designs[[name]], "analysis"))
  data.frame(design = name, row = as.vector(row(w)), replicate = as.vector(col(w)), weight = as.vector(w))
}))
write.csv(exported, "replication_weights.csv", row.names = FALSE, quote = FALSE)

rank_of <- function(design) qr(weights(design, "analysis"), tol = 1e-5)$rank - 1
one <- function(design, statistic) {
  result <- switch(statistic,
    mean = svymean(~api00, design, deff = TRUE),
    total = svytotal(~enroll, design, deff = TRUE),
    share = svymean(~as.numeric(sch.wide == "Yes"), design, deff = TRUE),
    ratio = svyratio(~api00, ~enroll, design),
    quantile = svyquantile(~api00, design, 0.5, se = TRUE, df = rank_of(design))
  )
  df <- rank_of(design)
  if (statistic == "quantile") {
    row <- result[[1]]
    return(data.frame(estimate = row[1], std_error = row[4], deff = NA, df = df, conf_low = row[2],
                      conf_high = row[3]))
  }
  bounds <- if (statistic %in% c("mean", "total")) as.vector(confint(result, df = df)) else c(NA, NA)
  data.frame(estimate = as.vector(coef(result)), std_error = as.vector(SE(result)),
             deff = if (statistic == "ratio") NA else as.vector(deff(result)), df = df,
             conf_low = bounds[1], conf_high = bounds[2])
}
rows <- list()
for (name in names(designs)) for (statistic in c("mean", "total", "share", "ratio", "quantile")) {
  for (domain in c("ensemble", "E", "H", "M")) {
    design <- designs[[name]]
    if (domain != "ensemble") design <- design[design$variables$stype == domain, ]
    cell <- tryCatch(suppressWarnings(one(design, statistic)), error = function(e) NULL)
    if (is.null(cell)) next
    rows[[length(rows) + 1]] <- cbind(design = name, statistic = statistic, domain = domain, cell)
  }
}
result <- do.call(rbind, rows)
numbers <- sapply(result, is.numeric)
result[numbers] <- lapply(result[numbers], function(x) ifelse(is.finite(x), x, NA))
write.csv(result, "replication.csv", row.names = FALSE, na = "", quote = FALSE)
cat(nrow(result), "cells; R", as.character(getRversion()), "survey", as.character(packageVersion("survey")), "\n")
