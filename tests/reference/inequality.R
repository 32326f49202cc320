# Gini and quantile shares in R, read by tests/analysis/test_inequality.py.
# Made with R 4.2.2 and survey 4.1.1:  Rscript inequality.R   (in this folder)
#
# The package convey, which linearises them, was not available: statistics are computed from their
# definitions, on subset(design, stype == domain).
# - gini: sum of w w |y - y| over all pairs, by outer(); top22.3, top9.7: 1 less Lorenz's curve at
#   0.777 and 0.903, interpolated by approx(); at 0.8 or 0.9 equal weights would put a break of the
#   curve, where it has two derivatives.
# - std_error: SE of svytotal() of their numerical derivatives in each weight (central differences,
#   good to 7 digits).
# - jackknife: SE by withReplicates() on as.svrepdesign(), JKn or JK1: another estimator, which
#   comes near the first but does not equal it.
suppressMessages(library(survey))
data(api)
options(digits = 17)

gini <- function(w, y) sum(outer(w, w) * abs(outer(y, y, "-"))) / (2 * sum(w) * sum(w * y))
top <- function(p) function(w, y) {
  i <- order(y)
  1 - approx(c(0, cumsum(w[i]) / sum(w)), c(0, cumsum((w * y)[i]) / sum(w * y)), p, rule = 2)$y
}
statistics <- list(gini = gini, top22.3 = top(0.777), top9.7 = top(0.903))
designs <- list(
  srs = svydesign(id = ~1, weights = ~pw, fpc = ~fpc, data = apisrs),
  strat = svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = apistrat),
  clus1 = svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = apiclus1))
derivative <- function(f, w, y) sapply(seq_along(w), function(i) {
  h <- replace(0 * w, i, w[i] * 1e-4)
  (f(w + h, y) - f(w - h, y)) / (2 * h[i])
})
rows <- list()
for (name in names(designs)) for (domain in c("all", "E", "H", "M")) for (statistic in names(statistics)) {
  f <- statistics[[statistic]]
  design <- designs[[name]]
  inside <- domain == "all" | design$variables$stype == domain
  y <- design$variables$enroll
  design$variables$score <- 0
  design$variables$score[inside] <- derivative(f, weights(design)[inside], y[inside])
  replicated <- as.svrepdesign(design, type = if (name == "strat") "JKn" else "JK1", compress = FALSE)
  # approx() warns that the unit left out stands at the place of its neighbour.
  jackknifed <- suppressWarnings(
    withReplicates(replicated, function(w, data) f(w[inside], data$enroll[inside])))
  rows[[length(rows) + 1]] <- data.frame(design = name, domain, statistic,
    estimate = f(weights(design)[inside], y[inside]),
    std_error = as.vector(SE(svytotal(~score, design))),
    jackknife = as.vector(SE(jackknifed)))
}
result <- do.call(rbind, rows)
numbers <- sapply(result, is.numeric)
result[numbers] <- lapply(result[numbers], signif, 15)
write.csv(result, "inequality.csv", row.names = FALSE, quote = FALSE)
cat(nrow(result), "cells; R", as.character(getRversion()), "survey", as.character(packageVersion("survey")), "\n")
