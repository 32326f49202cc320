# Quantiles by R survey, read by tests/analysis/test_quantiles.py.
# Made with R 4.2.2 and survey 4.1.1:  Rscript quantiles.R   (in this folder)
#
# quantiles.csv: svyquantile(interval.type = "mean") by design x stype x variable x order x level, on
# subset(design, stype == domain & !is.na(variable)); an empty cell is R's NaN. qrule is "math" but for
# - an order below the share of the first value, which gives that value, as survey 4.2 and later;
#   4.1.1 gives the second;
# - an order within 1e-12 of the share of a value, which gives that value: R compares floating sums,
#   and for the tenth of 200 equal weights gives the 21st value.
# The last line printed says how many numbers of each column differ from 4.1.1's own "math".
suppressMessages(library(survey))
data(api)
options(digits = 17)

math <- function(x, w, p) {
  q <- survey:::qs(x[w > 0], w[w > 0], p)
  if (q$wlow <= 1e-12) q$qlow else q$qup
}
strat <- svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = apistrat)
designs <- list(
  srs = svydesign(id = ~1, weights = ~pw, fpc = ~fpc, data = apisrs),
  strat = strat,
  clus1 = svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = apiclus1))
rows <- list()
changed <- c(estimate = 0, low = 0, high = 0, std_error = 0)
for (name in names(designs)) for (domain in c("all", "E", "H", "M")) {
  cell <- designs[[name]]
  if (domain != "all") cell <- subset(cell, stype == domain)
  for (variable in c("api00", "enroll", "acs.46")) for (order in c(0.02, 0.1, 0.25, 0.5, 0.9))
    for (level in c(0.9, 0.95)) {
      counted <- subset(cell, !is.na(cell$variables[[variable]]))
      df <- if (nrow(counted)) degf(counted) else 0
      found <- lapply(list(math, "math"), function(rule) {
        if (df == 0) return(rep(NA, 4))
        svyquantile(as.formula(paste0("~", variable)), counted, order, alpha = 1 - level,
                    qrule = rule, interval.type = "mean")[[1]]
      })
      changed <- changed + !sapply(1:4, function(i) identical(found[[1]][i], found[[2]][i]))
      rows[[length(rows) + 1]] <- data.frame(design = name, domain, order, level, df,
        variable = sub(".", "_", variable, fixed = TRUE), estimate = found[[1]][1], low = found[[1]][2], high = found[[1]][3],
        std_error = found[[1]][4])
    }
}
result <- do.call(rbind, rows)
numbers <- sapply(result, is.numeric)
result[numbers] <- lapply(result[numbers], function(x) ifelse(is.finite(x), signif(x, 15), NA))
write.csv(result, "quantiles.csv", row.names = FALSE, na = "", quote = FALSE)
cat(nrow(result), "cells, of which", paste(changed, names(changed)), "other than 4.1.1's; R", as.character(getRversion()),
    "survey", as.character(packageVersion("survey")), "\n")
