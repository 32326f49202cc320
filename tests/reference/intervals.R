# Intervals of shares by R survey, read by tests/analysis/test_intervals.py.
# Made with R 4.2.2 and survey 4.1.1:  Rscript intervals.R   (in this folder)
#
# intervals.csv: one row per share x method x level, with all that the interval is computed from.
# - logit is svyciprop(method = "xlogit"), normal "mean", arcsine "asin", beta and likelihood theirs.
# - likelihood_exact solves the equation of confint.svyglm(method = "likelihood") by uniroot, with
#   its own deviance, dispersion and scale, after a glm run to the end (epsilon = 1e-30), where R
#   interpolates the profile by a spline.
# - wilson is not in survey 4.1.1: roots, by uniroot, of the equation behind survey 4.5's formula.
# Left out: arcsine where R lets the lower end fold back under 0, or the upper one over 1; beta in a
# subset of a calibrated design, whose size R takes with the rows that the subset leaves out.
suppressMessages(library(survey))
data(api)
options(digits = 17)

srs <- svydesign(id = ~1, fpc = ~fpc, data = apisrs)
strat <- svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = apistrat)
clus1 <- svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = apiclus1)
clus2 <- svydesign(id = ~dnum + snum, fpc = ~fpc1 + fpc2, data = apiclus2)
formula <- ~stype + api99
raked <- calibrate(strat, formula, colSums(model.matrix(formula, apipop)), calfun = "raking")
designs <- list(srs = srs, strat = strat, high = subset(strat, stype != "E"), clus1 = clus1,
                clus2 = clus2, raked = raked, raked_high = subset(raked, stype != "E"))
shares <- list(awards = function(d) d$awards == "Yes", wide = function(d) d$sch.wide == "Yes",
               top = function(d) d$api00 > 850, poor = function(d) d$meals > 90,
               many = function(d) d$api99 > 420)

root <- function(f, from, to) uniroot(f, c(from, to), tol = 1e-16, maxiter = 10000)$root
wilson <- function(p, v, t) {
  f <- function(q) p * (1 - p) / v * (p - q)^2 - t^2 * q * (1 - q)
  c(root(f, 0, p), root(f, p, 1))
}
# Deviance is that of the sample, in rows; lambda and the dispersion are those R uses.
likelihood <- function(design, p, t) {
  m <- svyglm(y ~ 1, design, family = quasibinomial, epsilon = 1e-30, maxit = 100)
  lambda <- as.numeric(m$cov.unscaled / m$naive.cov)
  dispersion <- as.numeric(summary(m)$dispersion)
  w <- m$prior.weights
  y <- m$y
  deviance <- function(q) -2 * sum(w * ifelse(y == 1, log(q), log(1 - q)))
  f <- function(q) (deviance(q) - deviance(p)) / dispersion - t^2 * lambda
  c(root(f, 1e-15, p), root(f, p, 1 - 1e-15))
}
interval <- function(design, method, level) {
  m <- svymean(~y, design)
  p <- as.vector(coef(m))
  v <- as.vector(vcov(m))
  t <- qt((1 + level) / 2, degf(design))
  fold <- asin(sqrt(p)) + c(-1, 1) * t * sqrt(v / p / (1 - p)) / 2
  if (method == "arcsine" && (fold[1] < 0 || fold[2] > pi / 2)) return(NULL)
  ci <- if (method == "wilson") wilson(p, v, t)
    else if (method == "likelihood_exact") likelihood(design, p, t)
    else as.vector(attr(svyciprop(~y, design, method = methods[[method]], level = level), "ci"))
  w <- weights(design)
  data.frame(estimate = p, variance = v, df = degf(design), n = sum(w > 0),
             effective = sum(w)^2 / sum(w^2), low = ci[1], high = ci[2])
}
methods <- c(logit = "xlogit", wilson = "", beta = "beta", arcsine = "asin",
             likelihood = "likelihood", likelihood_exact = "", normal = "mean")
rows <- list()
for (name in names(designs)) for (share in names(shares)) for (method in names(methods))
  for (level in c(0.9, 0.95)) {
    design <- designs[[name]]
    design$variables$y <- as.numeric(shares[[share]](design$variables))
    if (method == "beta" && name == "raked_high") next
    if (min(abs(as.vector(coef(svymean(~y, design))) - c(0, 1))) < 1e-9) next
    # The spline of R fails where the profile does not reach the bound.
    cell <- tryCatch(suppressWarnings(interval(design, method, level)), error = function(e) {
      cat(name, share, method, level, conditionMessage(e), "\n"); NULL })
    if (is.null(cell)) next
    rows[[length(rows) + 1]] <- cbind(design = name, share = share, method = method, level = level, cell)
  }
result <- do.call(rbind, rows)
numbers <- sapply(result, is.numeric)
result[numbers] <- lapply(result[numbers], signif, 15)
write.csv(result, "intervals.csv", row.names = FALSE, quote = FALSE)
cat(nrow(result), "rows; R", as.character(getRversion()), "survey", as.character(packageVersion("survey")), "\n")
