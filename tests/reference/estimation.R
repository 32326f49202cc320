# Estimates, standard errors, design effects, degrees of freedom and intervals of R survey on its own
# `api` data sets (California Academic Performance Index), read by tests/analysis/test_estimation.py.
# Made with R 4.2.2 and survey 4.1.1:  Rscript estimation.R   (in this folder)
#
# Writes apisrs.csv, apistrat.csv, apiclus1.csv (the columns used, `.` in names become `_`),
# api_margins.csv (totals of apipop), raked_weights.csv and estimation.csv.
#
# A domain is subset(design, domain & base & !is.na(y)): rows of missing target are outside it.
# df is degf() of that subset; intervals use it. Shares: svyciprop(method = "logit").
# design codes: srs, strat, strat_nofpc, clus1, clus1_nofpc, raked (apistrat), raked_clus1, and lonely
# (apistrat with one high school left, survey.lonely.psu = "adjust").
suppressMessages(library(survey))
data(api)
options(digits = 17, survey.lonely.psu = "adjust")

columns <- c("stype", "sch.wide", "comp.imp", "both", "awards", "api00", "acs.46", "enroll",
             "dnum", "pw", "fpc")
export <- function(frame, name) {
  frame <- frame[columns]
  names(frame) <- gsub(".", "_", names(frame), fixed = TRUE)
  write.csv(frame, paste0(name, ".csv"), row.names = FALSE, na = "", quote = FALSE)
}
export(apisrs, "apisrs"); export(apistrat, "apistrat"); export(apiclus1, "apiclus1")

margins <- do.call(rbind, lapply(c("stype", "sch.wide", "awards"), function(v) {
  t <- table(apipop[[v]])
  data.frame(variable = gsub(".", "_", v, fixed = TRUE), category = names(t), total = as.vector(t))
}))
write.csv(margins, "api_margins.csv", row.names = FALSE, quote = FALSE)

strat <- svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = apistrat)
clus1 <- svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = apiclus1)
formula <- ~stype + sch.wide + awards
population <- colSums(model.matrix(formula, apipop))
raking <- function(design) {
  calibrate(design, formula, population, calfun = "raking", epsilon = 1e-13, maxit = 200)
}
one_high <- apistrat[apistrat$stype != "H" | !duplicated(apistrat$stype), ]
designs <- list(
  srs = svydesign(id = ~1, weights = ~pw, fpc = ~fpc, data = apisrs),
  strat = strat,
  strat_nofpc = svydesign(id = ~1, strata = ~stype, weights = ~pw, data = apistrat),
  clus1 = clus1,
  clus1_nofpc = svydesign(id = ~dnum, weights = ~pw, data = apiclus1),
  raked = raking(strat),
  raked_clus1 = raking(clus1),
  lonely = svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = one_high)
)
weights_of <- function(name) {
  data.frame(design = name, row = seq_along(weights(designs[[name]])), weight = weights(designs[[name]]))
}
write.csv(rbind(weights_of("raked"), weights_of("raked_clus1")), "raked_weights.csv",
          row.names = FALSE, quote = FALSE)

yes <- function(x) as.numeric(x == "Yes")
targets <- list(
  awards = list(statistic = "share", y = function(d) yes(d$awards)),
  comp_imp_among_sch_wide = list(statistic = "share", y = function(d) yes(d$comp.imp),
                                 base = function(d) d$sch.wide == "Yes"),
  small_classes = list(statistic = "share", y = function(d) as.numeric(d$acs.46 < 28)),
  api00 = list(statistic = "mean", y = function(d) d$api00),
  acs_46 = list(statistic = "mean", y = function(d) d$acs.46),
  enroll = list(statistic = "total", y = function(d) d$enroll),
  both = list(statistic = "total", y = function(d) yes(d$both))
)
domains <- list(
  ensemble = function(d) rep("ensemble", nrow(d)),
  stype = function(d) as.character(d$stype),
  sch_wide = function(d) as.character(d$sch.wide),
  stype_awards = function(d) paste(d$stype, d$awards, sep = " x ")
)

one <- function(design, target, inside) {
  design$variables$y <- target$y(design$variables)
  base <- if (is.null(target$base)) TRUE else target$base(design$variables)
  counted <- inside & base & !is.na(design$variables$y)
  n <- sum(counted)
  # R gives 0 for the mean of no row: such cells are left out.
  if (n == 0 && target$statistic != "total") return(NULL)
  # A calibrated design keeps the rows out of a subset, with weight 0: no NA may be left there.
  design$variables$y[!counted] <- 0
  cell <- subset(design, counted)
  f <- if (target$statistic == "total") svytotal else svymean
  m <- f(~y, cell, deff = TRUE)
  df <- degf(cell)
  p <- coef(m)
  bounds <- if (df < 1 || n < 2) c(NA, NA)
    else if (target$statistic != "share") as.vector(confint(m, df = df))
    else if (p == 0 || p == 1) c(NA, NA)
    else as.vector(attr(svyciprop(~y, cell, method = "logit", df = df), "ci"))
  data.frame(statistic = target$statistic, estimate = as.vector(p), std_error = as.vector(SE(m)),
             deff = as.vector(deff(m)), df = df, conf_low = bounds[1], conf_high = bounds[2],
             n_respondents = n)
}
rows <- list()
for (name in names(designs)) for (indicator in names(targets)) for (type in names(domains)) {
  design <- designs[[name]]
  codes <- domains[[type]](design$variables)
  for (code in sort(unique(codes))) {
    cell <- tryCatch(suppressWarnings(one(design, targets[[indicator]], codes == code)),
                     error = function(e) NULL)
    if (is.null(cell)) next
    rows[[length(rows) + 1]] <- cbind(design = name, indicator = indicator, domain_type = type,
                                      domain = code, cell)
  }
}
result <- do.call(rbind, rows)
numbers <- sapply(result, is.numeric)
result[numbers] <- lapply(result[numbers], function(x) ifelse(is.finite(x), x, NA))
write.csv(result, "estimation.csv", row.names = FALSE, na = "", quote = FALSE)
cat(nrow(result), "cells; R", as.character(getRversion()), "survey", as.character(packageVersion("survey")), "\n")
