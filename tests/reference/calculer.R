# What `observatoire calculer` and `observatoire caler` must find on R survey's own `api` data sets
# (California Academic Performance Index), read by tests/reports/test_computed.py.
# Made with R 4.2.2 and survey 4.1.1:  Rscript calculer.R   (in this folder)
#
# Writes the example's data, ../../exemples/api/ecoles.csv (apistrat) and marges.csv (totals of
# apipop), calculer_clus1.csv and calculer_clus2.csv (as R writes them: quotes, row names, NA), and
# the results: calculer.csv and calculer_poids.csv.
#
# A domain is subset(design, inside & !is.na(y)), whose degf() gives the degrees of freedom.
# Means, totals, ratios: confint(df = degf). Shares: svyciprop with the method in `intervalle`, but
# for "beta" on a calibrated design: svyciprop then takes nrow(design) for the respondents, and R
# keeps the rows out of a subset of such a design (with weight 0). The same formula is written here
# with the rows of the subset; `beta` stops where the two should agree and do not.
# Medians: svyquantile(interval.type = "mean"), the quantile being the smallest value that a share p of
# the weights does not exceed. It is R's qrule "math" but below the share of the first row, where
# survey 4.1 takes the second row (mended in 4.2).
# Calibration: calibrate(epsilon = 1e-13).
suppressMessages(library(survey))
data(api)
options(digits = 17, survey.lonely.psu = "fail")

columns <- c("cds", "stype", "dnum", "snum", "sch.wide", "comp.imp", "awards", "api99", "api00",
             "api.stu", "enroll", "meals", "acs.46", "pw")
example <- "../../exemples/api"
write.csv(apistrat[c(columns, "fpc")], file.path(example, "ecoles.csv"), row.names = FALSE,
          na = "", quote = FALSE)
margins <- rbind(
  data.frame(variable = "stype", modalite = c("E", "H", "M"), total = as.vector(table(apipop$stype))),
  data.frame(variable = "sch.wide", modalite = c("No", "Yes"),
             total = as.vector(table(apipop$sch.wide))),
  data.frame(variable = "api99", modalite = "", total = sum(apipop$api99)))
write.csv(margins, file.path(example, "marges.csv"), row.names = FALSE, quote = FALSE)
write.csv(apiclus1[c(columns, "fpc")], "calculer_clus1.csv")
write.csv(apiclus2[c(columns, "fpc1", "fpc2")], "calculer_clus2.csv")

strat <- svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = apistrat)
clus1 <- svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = apiclus1)
clus2 <- svydesign(id = ~dnum + snum, fpc = ~fpc1 + fpc2, weights = ~pw, data = apiclus2)
formula <- ~stype + sch.wide + api99
population <- colSums(model.matrix(formula, apipop))
calibrated <- function(design, ...) calibrate(design, formula, population, epsilon = 1e-13, maxit = 500, ...)
designs <- list(
  strat = strat, clus1 = clus1, clus2 = clus2,
  raking = calibrated(strat, calfun = "raking"),
  lineaire = calibrated(clus1, calfun = "linear"),
  logit = calibrated(strat, calfun = "logit", bounds = c(0.5, 2))
)
poids <- do.call(rbind, lapply(c("raking", "lineaire", "logit"), function(name) {
  data.frame(plan = name, rang = seq_along(weights(designs[[name]])), poids = weights(designs[[name]]))
}))
write.csv(poids, "calculer_poids.csv", row.names = FALSE, quote = FALSE)

domains <- list(
  ensemble = function(d) rep("ensemble", nrow(d)),
  stype = function(d) as.character(d$stype),
  `stype x sch.wide` = function(d) paste(d$stype, d$sch.wide, sep = " x ")
)
methods <- c(logit = "logit", beta = "beta", arcsinus = "asin", normal = "mean")
target <- function(statistique, variable, modalite = "", intervalle = "") {
  list(statistique = statistique, variable = variable, modalite = modalite, intervalle = intervalle)
}
targets <- list(target("moyenne", "api00"), target("moyenne", "acs.46"), target("total", "enroll"),
                target("ratio", "api.stu/enroll"), target("quantile", "api00", "0.5"))
for (level in c("No", "Yes")) for (method in names(methods))
  targets <- c(targets, list(target("proportion", "awards", level, method)))
for (level in c("E", "H", "M")) targets <- c(targets, list(target("proportion", "stype", level, "logit")))

values <- function(target, data) {
  if (target$statistique == "proportion") as.numeric(data[[target$variable]] == target$modalite)
  else if (target$statistique == "ratio") data$api.stu + data$enroll
  else as.numeric(data[[target$variable]])
}
smallest <- function(x, w, p) {
  x <- x[w > 0]; w <- w[w > 0]; o <- order(x)
  x[o][which(cumsum(w[o]) / sum(w) >= p - 1e-12)[1]]
}
beta <- function(m, cell, df, n) {
  p <- as.vector(coef(m))
  size <- p * (1 - p) / as.vector(vcov(m)) * (qt(0.025, n - 1) / qt(0.025, df))^2
  ci <- c(qbeta(0.025, size * p, size * (1 - p) + 1), qbeta(0.975, size * p + 1, size * (1 - p)))
  r <- as.vector(attr(svyciprop(~y, cell, method = "beta", df = df), "ci"))
  stopifnot(nrow(cell) != n || isTRUE(all.equal(ci, r, tolerance = 1e-12)))
  ci
}
one <- function(design, target, inside) {
  y <- values(target, design$variables)
  counted <- inside & !is.na(y)
  design$variables$y <- ifelse(counted, y, 0)
  # A calibrated design keeps the rows out of a subset, with weight 0: no NA may be left there.
  design$variables$api.stu <- ifelse(counted, design$variables$api.stu, 0)
  design$variables$enroll <- ifelse(counted, design$variables$enroll, 0)
  cell <- subset(design, counted)
  df <- degf(cell)
  row <- function(m, ci, deff) data.frame(estimation = as.vector(coef(m)), erreur_type = as.vector(SE(m)),
    ic_bas = ci[1], ic_haut = ci[2], deff = deff, ddl = df, n = sum(counted))
  switch(target$statistique,
    moyenne = { m <- svymean(~y, cell, deff = TRUE); row(m, as.vector(confint(m, df = df)), as.vector(deff(m))) },
    total = { m <- svytotal(~y, cell, deff = TRUE); row(m, as.vector(confint(m, df = df)), as.vector(deff(m))) },
    ratio = { m <- svyratio(~api.stu, ~enroll, cell); row(m, as.vector(confint(m, df = df)), NA) },
    quantile = { m <- svyquantile(~y, cell, 0.5, interval.type = "mean", qrule = smallest, df = df)
      row(m, as.vector(confint(m)), NA) },
    proportion = { m <- svymean(~y, cell, deff = TRUE)
      p <- coef(m)
      # 0 or 1 but for rounding: an interval and a deff of nothing.
      certain <- min(p, 1 - p) < 1e-9
      ci <- if (certain) c(NA, NA)
        else if (target$intervalle == "beta") beta(m, cell, df, sum(counted))
        else as.vector(attr(svyciprop(~y, cell, method = methods[[target$intervalle]], df = df), "ci"))
      row(m, ci, if (certain) NA else as.vector(deff(m))) })
}
rows <- list()
for (name in names(designs)) for (t in targets) for (type in names(domains)) {
  design <- designs[[name]]
  codes <- domains[[type]](design$variables)
  for (code in sort(unique(codes))) {
    cell <- tryCatch(suppressWarnings(one(design, t, codes == code)), error = function(e) NULL)
    if (is.null(cell) || cell$ddl < 1 || cell$n < 2) next
    rows[[length(rows) + 1]] <- cbind(plan = name, as.data.frame(t), domaine_type = type,
                                      domaine = code, cell)
  }
}
result <- do.call(rbind, rows)
numbers <- sapply(result, is.numeric)
result[numbers] <- lapply(result[numbers], function(x) ifelse(is.finite(x), x, NA))
write.csv(result, "calculer.csv", row.names = FALSE, na = "", quote = FALSE)
cat(nrow(result), "cells; R", as.character(getRversion()), "survey", as.character(packageVersion("survey")), "\n")
