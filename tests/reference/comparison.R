# Tests and contrasts of R survey on its own `api` data sets, read by tests/analysis/
# test_{contrasts,association,group_tests,comparison}.py.
# Made with R 4.2.2 and survey 4.1.1:  Rscript comparison.R   (in this folder)
#
# Writes comparison.csv, one row per design x test x variable x group x domain, and waves.csv, two
# waves cut out of apistrat. The samples themselves are written by estimation.R and engine.R.
#
# designs: strat (apistrat), clus1 (apiclus1), clus2 (apiclus2, two stages with their fpc), raked
# (apistrat raked on stype, sch.wide, awards). In a domain, or where a value is missing, the test is
# run on subset(design, rows): degrees of freedom are those of the rows that count.
# `lincom` of svychisq needs CompQuadForm, absent here: it is checked against closed forms instead.
suppressMessages(library(survey))
data(api)
options(digits = 17, survey.lonely.psu = "adjust", warn = 1)

strat <- svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = apistrat)
formula <- ~stype + sch.wide + awards
raked <- calibrate(strat, formula, colSums(model.matrix(formula, apipop)), calfun = "raking",
                   epsilon = 1e-13, maxit = 200)
designs <- list(
  strat = strat,
  clus1 = svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = apiclus1),
  clus2 = svydesign(id = ~dnum + snum, fpc = ~fpc1 + fpc2, data = apiclus2),
  raked = raked
)
rows <- list()
add <- function(...) rows[[length(rows) + 1]] <<- data.frame(...)
answered <- function(design, columns, domain) {
  d <- design$variables
  keep <- complete.cases(d[columns]) & (domain == "ensemble" | d$stype == domain)
  # A calibrated design keeps the rows out of a subset, with weight 0: no NA may be left there.
  for (column in columns) design$variables[[column]][is.na(d[[column]])] <- d[[column]][keep][1]
  droplevels(subset(design, keep))
}
droplevels.survey.design2 <- function(x, ...) x
record <- function(name, test, variable, group, domain, statistic, ndf, ddf, p, estimate = NA,
                   std_error = NA, low = NA, high = NA) {
  add(design = name, test = test, variable = variable, group = group, domain = domain,
      statistic = as.vector(statistic), ndf = ndf, ddf = ddf, p_value = as.vector(p),
      estimate = as.vector(estimate), std_error = as.vector(std_error), conf_low = as.vector(low),
      conf_high = as.vector(high))
}
plain <- function(name) gsub(".", "_", name, fixed = TRUE)

chisq_rows <- function(name, a, b, domain) {
  design <- answered(designs[[name]], c(a, b), domain)
  for (s in c("F", "Chisq", "Wald", "adjWald", "saddlepoint")) {
    r <- svychisq(as.formula(paste("~", a, "+", b)), design, statistic = s)
    ndf <- switch(s, saddlepoint = NA, Chisq = r$parameter[["df"]], r$parameter[["ndf"]])
    ddf <- if (s %in% c("saddlepoint", "Chisq")) NA else r$parameter[["ddf"]]
    record(name, s, plain(a), plain(b), domain, r$statistic, ndf, ddf, r$p.value)
  }
}
t_rows <- function(name, y, g, domain) {
  design <- answered(designs[[name]], c(y, g), domain)
  r <- svyttest(as.formula(paste(y, "~", g)), design)
  record(name, "t", plain(y), plain(g), domain, r$statistic, NA, r$parameter, r$p.value, r$estimate,
         r$estimate / r$statistic, r$conf.int[1], r$conf.int[2])
}
one_rows <- function(name, label, expression, columns, domain) {
  design <- answered(designs[[name]], columns, domain)
  r <- svyttest(as.formula(paste(expression, "~ 0")), design)
  record(name, "t", label, NA, domain, r$statistic, NA, r$parameter, r$p.value, r$estimate,
         r$estimate / r$statistic, r$conf.int[1], r$conf.int[2])
}
scores <- list(wilcoxon = "wilcoxon", median = "median", vanderWaerden = "vanderWaerden",
               KruskalWallis = "KruskalWallis", square = function(r, N) (r / N)^2)
rank_rows <- function(name, y, g, domain) {
  design <- answered(designs[[name]], c(y, g), domain)
  for (s in names(scores)) {
    # svyranktest of two groups gives t; of more, R stores chi-square under `parameter`.
    r <- svyranktest(as.formula(paste(y, "~", g)), design, test = scores[[s]])
    if (is.null(r$estimate)) {
      record(name, s, plain(y), plain(g), domain, r$parameter / r$statistic, r$statistic, r$ddf,
             r$p.value)
    } else {
      record(name, s, plain(y), plain(g), domain, r$statistic, NA, r$parameter, r$p.value,
             r$estimate, r$estimate / r$statistic)
    }
  }
}
regression_rows <- function(name, y, domain) {
  design <- answered(designs[[name]], c(y, "stype"), domain)
  design <- update(design, x = as.numeric(stype)^2, yy = as.numeric(eval(as.name(y))))
  m <- svyglm(yy ~ factor(stype), design)
  r <- regTermTest(m, ~factor(stype))
  record(name, "anova", plain(y), "stype", domain, r$Ftest, r$df, r$ddf, r$p)
  m <- svyglm(yy ~ x, design)
  s <- summary(m)$coefficients["x", ]
  ci <- confint(m)["x", ]
  record(name, "slope", plain(y), "stype", domain, s[3], NA, m$df.residual, s[4], s[1], s[2], ci[1],
         ci[2])
  # Score of the trend under no association, Cochran and Armitage: U = sum w (x - mean)(y - mean).
  w <- weights(design); w[!is.finite(w)] <- 0
  v <- design$variables
  u <- (v$x - sum(w * v$x) / sum(w)) * (v$yy - sum(w * v$yy) / sum(w))
  design <- update(design, u = u - sum(w * u) / sum(w))
  t <- sum(w * u) / as.vector(SE(svytotal(~u, design)))
  record(name, "score", plain(y), "stype", domain, t, NA, degf(design),
         2 * pt(-abs(t), degf(design)))
}
gof_rows <- function(name, column, p, domain) {
  design <- answered(designs[[name]], column, domain)
  r <- svygofchisq(as.formula(paste0("~", column)), p = p, design)
  if (is.na(r$p.value)) return()  # the strata of strat: nothing random
  record(name, "gof", plain(column), NA, domain, r$statistic, r$parameter[["df"]], NA, r$p.value)
}
contrast_rows <- function(name) {
  design <- designs[[name]]
  keep <- function(label, r, df) {
    z <- coef(r) / SE(r)
    # Confidence of svycontrast is left to the reader: degf of the rows that count.
    record(name, "contrast", "api00", label, "ensemble", z, NA, df, 2 * pt(-abs(z), df), coef(r),
           SE(r), coef(r) - qt(.975, df) * SE(r), coef(r) + qt(.975, df) * SE(r))
  }
  # svyby(covmat = TRUE) stops on a calibrated design: means of domains as ratios of totals.
  inside <- function(code) as.numeric(design$variables$stype == code)
  design <- update(design, one = 1, a = as.numeric(awards == "Yes"),
                   b = as.numeric(sch.wide == "Yes"), nE = inside("E"), nH = inside("H"),
                   nM = inside("M"))
  design <- update(design, yE = api00 * nE, yH = api00 * nH, yM = api00 * nM)
  totals <- svytotal(~nE + nH + nM + yE + yH + yM + api00 + one, design)
  means <- svycontrast(totals, list(E = quote(yE / nE), H = quote(yH / nH), M = quote(yM / nM),
                                    whole = quote(api00 / one)))
  df <- function(codes) degf(subset(design, stype %in% codes))
  keep("E - H", svycontrast(means, c(E = 1, H = -1, M = 0, whole = 0)), df(c("E", "H")))
  keep("E - M", svycontrast(means, c(E = 1, H = 0, M = -1, whole = 0)), df(c("E", "M")))
  keep("H - M", svycontrast(means, c(E = 0, H = 1, M = -1, whole = 0)), df(c("H", "M")))
  keep("E - (H + M) / 2", svycontrast(means, c(E = 1, H = -.5, M = -.5, whole = 0)), degf(design))
  keep("E / H", svycontrast(means, quote(E / H)), df(c("E", "H")))
  keep("H - ensemble", svycontrast(means, c(E = 0, H = 1, M = 0, whole = -1)), degf(design))
  if (name != "raked") keep("awards - sch_wide", svycontrast(svymean(~a + b, design), c(a = 1, b = -1)), degf(design))
}
for (name in names(designs)) {
  # degf of a domain of a calibrated design also counts, in svychisq, the rows outside it.
  for (domain in if (name == "raked") "ensemble" else c("ensemble", "E")) {
    chisq_rows(name, "sch.wide", "comp.imp", domain)
    # A school has awards only if sch.wide: once both are margins of raked, nothing is random.
    if (name != "raked") chisq_rows(name, "awards", "sch.wide", domain)
    t_rows(name, "api00", "comp.imp", domain)
    t_rows(name, "acs.46", "sch.wide", domain)
    one_rows(name, "api00_650", "I(api00 - 650)", "api00", domain)
    one_rows(name, "paired", "I(20 * acs.46 - api00)", c("api00", "acs.46"), domain)
    rank_rows(name, "api00", "comp.imp", domain)
    if (name != "raked") gof_rows(name, "awards", c(.4, .6), domain)
  }
  chisq_rows(name, "stype", "comp.imp", "ensemble")
  rank_rows(name, "enroll", "stype", "ensemble")
  regression_rows(name, "api00", "ensemble")
  regression_rows(name, "awards", "ensemble")
  if (name != "raked") gof_rows(name, "stype", c(.7, .15, .15), "ensemble")
  contrast_rows(name)
}

# Two waves with 100 units in common; the second has its own variable and its own weights.
wave <- function(keep, label, y) {
  d <- data.frame(unit = keep, wave = label, stype = apistrat$stype[keep], y = y[keep])
  d$pw <- ave(apistrat$fpc[keep], d$stype) / ave(rep(1, nrow(d)), d$stype, FUN = sum)
  d
}
# One school in four leaves, one in four comes in.
waves <- rbind(wave(which(seq_len(200) %% 4 != 1), "2025", apistrat$api99),
               wave(which(seq_len(200) %% 4 != 2), "2026", apistrat$api00))
write.csv(waves, "waves.csv", row.names = FALSE, quote = FALSE)
stacked <- svydesign(id = ~unit, strata = ~stype, weights = ~pw, data = waves)
for (f in c(svymean, svytotal)) {
  by_wave <- svyby(~y, ~wave, stacked, f, covmat = TRUE)
  r <- svycontrast(by_wave, c("2025" = -1, "2026" = 1))
  df <- degf(stacked)
  record("waves", "waves", if (identical(f, svymean)) "mean" else "total", NA, "ensemble",
         coef(r) / SE(r), NA, df, 2 * pt(-abs(coef(r) / SE(r)), df), coef(r), SE(r))
}

# Saddlepoint of a sum of F: R repeats a weight df times, so that only a whole ddf compares.
for (weights in list(1, c(.4, 2.5, 1), c(3, .1))) for (x in c(.5, 5, 20)) for (ddf in c(14, 197)) {
  p <- survey:::pFsum(x, rep(1, length(weights)), weights, ddf = ddf, lower.tail = FALSE)
  record("pFsum", "saddlepoint", paste(weights, collapse = " "), NA, "ensemble", x, NA, ddf, p)
}

result <- do.call(rbind, rows)
write.csv(result, "comparison.csv", row.names = FALSE, na = "", quote = FALSE)
cat(nrow(result), "rows; R", as.character(getRversion()), "survey",
    as.character(packageVersion("survey")), "\n")
