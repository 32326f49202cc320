# Estimates of R survey under every kind of design the engine knows, read by
# tests/analysis/test_engine_reference.py. Made with R 4.2.2, survey 4.1.1 and sampling 2.9:
#   Rscript engine.R   (in this folder; the last line printed tells the versions that ran)
#
# Writes the samples (engine_strat.csv = apistrat with made-up columns, engine_clus1.csv,
# apiclus2.csv, engine_pps.csv = election_pps, engine_mu284.csv, engine_scd.csv), the weights after
# calibration or response (engine_weights.csv), the results (engine.csv), the covariance of several
# estimates (engine_covariance.csv) and contrasts of them (engine_contrasts.csv). `.` in names
# becomes `_`.
#
# A cell is subset(design, domain & base & !is.na(y)): rows of missing target are outside it; df is
# degf() of that subset (of its first phase when there are two). Conventions left aside, for R contradicts itself there:
# - logit intervals are svyciprop(method = "xlogit"), the closed form of "logit", which R fits by
#   iteration and stops at 1e-8 of deviance; likelihood intervals are solved for, near R's own;
# - "beta" takes nrow(design), the rows of the domain except in calibrated and pps designs, whose
#   subsets keep every row: no such interval is written there;
# - quantiles follow their definition where R 4.1.1 departs from it (see math below);
# - deff is not written for two-phase designs (R divides by n of the whole sample, or forgets it).
suppressMessages({library(survey); library(sampling)})
data(api); data(election); data(mu284); data(scd)
options(digits = 17, survey.lonely.psu = "adjust", warn = 1)
yes <- function(x) as.numeric(x == "Yes")
place <- function(x) ave(seq_along(x), x, FUN = seq_along)  # 1, 2, 3... within each value of x
count <- function(...) ave(rep(1, length(..1)), ..., FUN = length)

# --- samples ---------------------------------------------------------------------------------
schools <- c("stype", "sch.wide", "comp.imp", "both", "awards", "api00", "acs.46", "enroll", "dnum",
             "snum", "pw")
more <- c("api99", "api.stu", "cnum", "meals", "ell")
strat <- apistrat[c(schools, "fpc", more)]
strat$crossed_size <- as.vector(table(apipop$stype, apipop$sch.wide)[cbind(strat$stype, strat$sch.wide)])
strat$crossed_weight <- strat$crossed_size / count(strat$stype, strat$sch.wide)
strat$group <- (place(strat$stype) - 1) %% 8 + 1             # 8 groups drawn in each stratum...
strat$group_count <- c(E = 60, H = 15, M = 20)[as.character(strat$stype)]  # ...among so many
strat$group_size <- 6 * count(strat$stype, strat$group)      # schools of the group
strat$group_weight <- strat$group_count / 8 * 6
strat$certain_size <- ifelse(strat$stype == "H", 50, strat$fpc)  # H is wholly taken
strat$certain <- ifelse(strat$stype == "H", "true", "false")
strat$responded <- place(strat$awards) %% ifelse(strat$awards == "Yes", 4, 3) != 0
clus1 <- apiclus1[c(schools, "fpc", more)]
clus1$responded <- place(clus1$sch.wide) %% ifelse(clus1$sch.wide == "Yes", 5, 3) != 0
clus2 <- apiclus2[c(schools, "fpc1", "fpc2", more)]
clus2$fpc2 <- as.vector(clus2$fpc2)
clus2$responded <- place(clus2$sch.wide) %% ifelse(clus2$sch.wide == "Yes", 5, 3) != 0
clus2$larger <- clus2$fpc2 + 1  # a school not drawn in every district: some are lonely
pps <- data.frame(bush = election_pps$Bush, kerry = election_pps$Kerry, votes = election_pps$votes,
                  won = ifelse(election_pps$Kerry > election_pps$Bush, "kerry", "bush"),
                  half = ifelse(election_pps$p > median(election_pps$p), "large", "small"),
                  p = election_pps$p, pw = 1 / election_pps$p)
mu <- mu284
mu$pw <- (mu$n1 / 5) * (mu$n2 / 3)
ambulances <- scd
ambulances$pw <- 2
export <- function(frame, name) {
  names(frame) <- gsub(".", "_", names(frame), fixed = TRUE)
  flags <- sapply(frame, is.logical)
  frame[flags] <- lapply(frame[flags], function(x) ifelse(x, "true", "false"))
  write.csv(frame, paste0(name, ".csv"), row.names = FALSE, na = "", quote = FALSE)
}
export(strat, "engine_strat"); export(clus1, "engine_clus1"); export(clus2, "apiclus2")
export(pps, "engine_pps"); export(mu, "engine_mu284"); export(ambulances, "engine_scd")

# --- designs ---------------------------------------------------------------------------------
one_high <- strat[strat$stype != "H" | place(strat$stype) == 1, ]
one_group <- strat[strat$stype != "H" | strat$group == 1, ]
two_stages <- function(data = strat, ...) {
  svydesign(id = ~group + snum, weights = ~group_weight, data = data, nest = TRUE, ...)
}
strat_design <- svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = strat)
clus1_design <- svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = clus1)
clus2_design <- svydesign(id = ~dnum + snum, weights = ~pw, fpc = ~fpc1 + fpc2, data = clus2)
lonely_clus2 <- svydesign(id = ~dnum + snum, weights = ~pw, fpc = ~fpc1 + larger, data = clus2)
lonely_one <- svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = one_high)
lonely_two <- two_stages(one_group, strata = ~stype, fpc = ~group_count + group_size)
margins <- ~stype + sch.wide + api99
totals <- function(formula) colSums(model.matrix(formula, apipop))
calibrated <- function(design, formula = margins, ...) {
  calibrate(design, formula, totals(formula), epsilon = 1e-13, maxit = 200, ...)
}
designs <- list(
  strat = strat_design,
  crossed = svydesign(id = ~1, strata = ~interaction(stype, sch.wide), weights = ~crossed_weight,
                      fpc = ~crossed_size, data = strat),
  with_replacement = svydesign(id = ~1, strata = ~stype, weights = ~pw, data = strat),
  certainty = svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~certain_size, data = strat),
  clus1 = clus1_design,
  clus2 = clus2_design,
  clus2_nofpc = svydesign(id = ~dnum + snum, weights = ~pw, data = clus2),
  nested = svydesign(id = ~group, strata = ~stype, weights = ~group_weight, data = strat, nest = TRUE),
  nested_fpc = svydesign(id = ~group, strata = ~stype, weights = ~group_weight, fpc = ~group_count,
                         data = strat, nest = TRUE),
  two_stages = two_stages(strata = ~stype, fpc = ~group_count + group_size),
  lonely_adjust = lonely_one, lonely_average = lonely_one, lonely_certainty = lonely_one,
  lonely_remove = lonely_one,
  two_adjust = lonely_two, two_average = lonely_two, two_certainty = lonely_two,
  two_remove = lonely_two,
  clus2_adjust = lonely_clus2, clus2_certainty = lonely_clus2, clus2_remove = lonely_clus2,
  pps = svydesign(id = ~1, fpc = ~p, data = pps, pps = "brewer"),
  pps_strata = svydesign(id = ~1, strata = ~half, fpc = ~p, data = pps, pps = "brewer"),
  pps_replacement = svydesign(id = ~1, weights = ~pw, data = pps),
  mu284 = svydesign(id = ~id1 + id2, fpc = ~n1 + n2, data = mu),
  scd = svydesign(id = ~ambulance, strata = ~ESA, weights = ~pw, data = ambulances, nest = TRUE),
  linear = calibrated(strat_design),
  linear_scale = calibrate(strat_design, margins, totals(margins), variance = strat$api99),
  raking = calibrated(strat_design, calfun = "raking"),
  logit = calibrated(strat_design, calfun = "logit", bounds = c(0.7, 1.6)),
  poststratified = postStratify(svydesign(id = ~1, weights = ~pw, data = strat), ~sch.wide,
                                as.data.frame(table(sch.wide = apipop$sch.wide))),
  raking_clus1 = calibrated(clus1_design, calfun = "raking"),
  unit_clus1 = calibrated(clus1_design, ~sch.wide + api99, calfun = "raking", aggregate.stage = 1),
  linear_clus2 = calibrated(clus2_design, ~sch.wide + api99),
  raking_two_stages = calibrated(two_stages(strata = ~stype, fpc = ~group_count + group_size),
                                 calfun = "raking"),
  response = twophase(id = list(~1, ~1), strata = list(~stype, ~awards), fpc = list(~fpc, NULL),
                      subset = ~responded, data = strat, method = "full"),
  response_clus1 = twophase(id = list(~dnum, ~snum), strata = list(NULL, ~sch.wide),
                            fpc = list(~fpc, NULL), subset = ~responded, data = clus1,
                            method = "full"),
  response_clus2 = twophase(id = list(~dnum + snum, ~snum), strata = list(NULL, ~sch.wide),
                            fpc = list(~fpc1 + fpc2, NULL), subset = ~responded, data = clus2,
                            method = "full")
)
# survey 4.1.1 reads the size of each stratum of the first phase on the wrong rows as soon as strata
# differ in size (Dcheck_multi_subset takes sampsize[ithese] of the whole sample by places of the
# respondents); its own function for a whole sample gives the joint probabilities rightly.
for (name in c("response", "response_clus1", "response_clus2")) {
  design <- designs[[name]]
  whole <- design$phase1$full
  first <- survey:::Dcheck_multi(whole$cluster, whole$strata, whole$allprob)[design$subset, design$subset]
  if (name == "response_clus1") stopifnot(max(abs(first - design$dcheck$phase1)) < 1e-14)
  designs[[name]]$dcheck$phase1 <- first
  designs[[name]]$dcheck$full <- survey:::twophaseDcheck(first, design$dcheck$phase2)
}
lonely_of <- function(name) {
  options <- c("adjust", "average", "certainty", "remove")
  found <- options[endsWith(name, paste0("_", options))]
  if (length(found)) found else "adjust"
}
is_response <- function(design) inherits(design, "twophase2")
rows_of <- function(design) if (is_response(design)) design$phase1$sample$variables else design$variables
reweighted <- Filter(function(d) is_response(d) || !is.null(d$postStrata), designs)
weight_rows <- lapply(names(reweighted), function(name) {
  design <- reweighted[[name]]
  weight <- 1 / design$prob
  if (is_response(design)) weight <- replace(numeric(length(design$subset)), design$subset, weight)
  data.frame(design = name, row = seq_along(weight), weight = weight)
})
write.csv(do.call(rbind, weight_rows), "engine_weights.csv", row.names = FALSE, quote = FALSE)

# --- targets and domains -----------------------------------------------------------------------
intervals <- c(logit = "xlogit", likelihood = "likelihood", arcsine = "asin", beta = "beta",
               normal = "mean")
target <- function(statistic, y, x = NULL, base = NULL, order = NA, interval = "logit") {
  list(statistic = statistic, y = y, x = x, base = base, order = order, interval = interval)
}
school_targets <- list(
  awards = target("share", function(d) yes(d$awards)),
  awards_likelihood = target("share", function(d) yes(d$awards), interval = "likelihood"),
  awards_arcsine = target("share", function(d) yes(d$awards), interval = "arcsine"),
  awards_beta = target("share", function(d) yes(d$awards), interval = "beta"),
  awards_normal = target("share", function(d) yes(d$awards), interval = "normal"),
  comp_imp_among_sch_wide = target("share", function(d) yes(d$comp.imp),
                                   base = function(d) d$sch.wide == "Yes"),
  small_classes = target("share", function(d) as.numeric(d$acs.46 < 28)),
  stype__E = target("share", function(d) as.numeric(d$stype == "E")),
  stype__H = target("share", function(d) as.numeric(d$stype == "H")),
  stype__M = target("share", function(d) as.numeric(d$stype == "M")),
  api00 = target("mean", function(d) d$api00),
  acs_46 = target("mean", function(d) d$acs.46),
  enroll = target("total", function(d) d$enroll),
  both = target("total", function(d) yes(d$both)),
  tested = target("ratio", function(d) d$api.stu, function(d) d$enroll),
  gain = target("ratio", function(d) d$api00, function(d) d$api99, function(d) d$sch.wide == "Yes"),
  api00_p10 = target("quantile", function(d) d$api00, order = 0.1),
  api00_p50 = target("quantile", function(d) d$api00, order = 0.5),
  api00_p90 = target("quantile", function(d) d$api00, order = 0.9),
  acs_46_p50 = target("quantile", function(d) d$acs.46, order = 0.5)
)
county_targets <- list(
  kerry = target("total", function(d) d$kerry),
  bush_mean = target("mean", function(d) d$bush),
  bush_share = target("ratio", function(d) d$bush, function(d) d$votes),
  won = target("share", function(d) as.numeric(d$won == "kerry")),
  kerry_p50 = target("quantile", function(d) d$kerry, order = 0.5)
)
plain <- function(y, x) {
  list(total = target("total", y), mean = target("mean", y), ratio = target("ratio", y, x))
}
targets_of <- function(name) {
  if (startsWith(name, "pps")) county_targets
  else if (name == "mu284") plain(function(d) d$y1, function(d) d$n2)
  else if (name == "scd") plain(function(d) d$alive, function(d) d$arrests)
  else school_targets
}
ensemble <- function(d) rep("ensemble", nrow(d))
crossed_in <- c("strat", "clus1", "clus2", "two_stages", "raking", "response", "lonely_adjust")
domains_of <- function(name) {
  if (startsWith(name, "pps")) return(list(ensemble = ensemble, won = function(d) d$won))
  if (name %in% c("mu284", "scd")) return(list(ensemble = ensemble))
  found <- list(ensemble = ensemble, stype = function(d) as.character(d$stype))
  if (name %in% crossed_in) {
    found[["stype x sch_wide"]] <- function(d) paste(d$stype, d$sch.wide, sep = " x ")
  }
  found
}

# --- one cell ----------------------------------------------------------------------------------
bounds_of <- function(target, cell, m, df, n) {
  p <- coef(m)
  if (df < 1 || n < 2) return(c(NA, NA))
  if (target$statistic != "share") return(as.vector(confint(m, df = df)))
  whole_rows <- is_response(cell) || nrow(cell) == n
  if (p == 0 || p == 1 || SE(m) < 1e-12 || (target$interval == "beta" && !whole_rows)) return(c(NA, NA))
  if (is_response(cell) && target$interval %in% c("likelihood", "beta")) return(c(NA, NA))
  found <- tryCatch(svyciprop(~y, cell, method = intervals[[target$interval]], df = df),
                    error = function(e) NULL)
  if (is.null(found)) return(c(NA, NA))
  found <- as.vector(attr(found, "ci"))
  if (target$interval != "likelihood") return(found)
  exact <- profiled(as.vector(p), as.vector(vcov(m)), df, n)
  stopifnot(max(abs(exact - found)) < 2e-3)
  exact
}
# R reads these bounds on a spline through a few points of the profile; this solves for them. Its
# dispersion is that of svyvar: n/(n - 1).
profiled <- function(p, variance, df, count) {
  n <- p * (1 - p) / variance * (count - 1) / count
  far <- function(q) 2 * n * (p * log(p / q) + (1 - p) * log((1 - p) / (1 - q))) - qt(0.975, df)^2
  c(uniroot(far, c(1e-12, p), tol = 1e-15)$root, uniroot(far, c(p, 1 - 1e-12), tol = 1e-15)$root)
}
# The rule "math", at its edges: R 4.1.1 gives the second value below the share of the first (4.2
# mends it), and lets rounding choose where a share equals the order.
math <- function(x, w, p) {
  ranked <- order(x[w > 0])
  share <- cumsum(w[w > 0][ranked]) / sum(w)
  x[w > 0][ranked][share >= min(p, 1) - 1e-12][1]
}
quantile_cell <- function(target, cell, df) {
  found <- svyquantile(~y, cell, target$order, df = df, ci = df > 0, qrule = math)$y
  if (df > 0) list(found[1], found[4], c(found[2], found[3])) else list(found[1], NA, c(NA, NA))
}
put <- function(design, name, value) {
  if (is_response(design)) design$phase1$sample$variables[[name]] <- value
  else design$variables[[name]] <- value
  design
}
one <- function(design, target, inside) {
  rows <- rows_of(design)
  y <- target$y(rows)
  x <- if (is.null(target$x)) rep(1, length(y)) else target$x(rows)
  base <- if (is.null(target$base)) TRUE else target$base(rows)
  counted <- inside & base & !is.na(y) & !is.na(x)
  n <- sum(counted)
  if (n == 0) return(NULL)
  # Calibrated, pps and two-phase subsets keep the rows outside, with weight 0: no NA may be left.
  design <- put(put(design, "y", replace(y, !counted, 0)), "x", replace(x, !counted, 1))
  cell <- subset(design, counted)
  df <- df_of(cell, counted)
  deff <- NA
  if (target$statistic == "quantile") {
    found <- quantile_cell(target, cell, df)
    estimate <- found[[1]]; error <- found[[2]]; bounds <- found[[3]]
  } else {
    wanted <- !is_response(design)
    m <- switch(target$statistic,
                total = svytotal(~y, cell, deff = wanted),
                ratio = if (wanted) svyratio(~y, ~x, cell, deff = TRUE) else svyratio(~y, ~x, cell),
                svymean(~y, cell, deff = wanted))
    estimate <- as.vector(coef(m)); error <- as.vector(SE(m))
    if (wanted) deff <- as.vector(if (target$statistic == "ratio") attr(m, "deff") else deff(m))
    bounds <- bounds_of(target, cell, m, df, n)
    # The variable is constant: the variance of a simple sample is R's rounding.
    if (isTRUE(error^2 / deff < 1e-20 * estimate^2)) deff <- NA
  }
  data.frame(statistic = target$statistic, order = target$order,
             interval = if (target$statistic == "share") target$interval else NA,
             estimate = estimate, std_error = error, deff = deff, df = df,
             conf_low = bounds[1], conf_high = bounds[2], n_respondents = n)
}
# Two phases: degf() counts respondents less response groups, 142 where 15 districts were drawn. The
# engine counts the primary units of the first phase, as in any other design.
df_of <- function(cell, counted) {
  if (!is_response(cell)) return(degf(cell))
  first <- cell$phase1$sample
  length(unique(first$cluster[counted, 1])) - length(unique(first$strata[counted, 1]))
}
rounded <- function(frame) {
  numbers <- sapply(frame, is.double)
  frame[numbers] <- lapply(frame[numbers], function(x) signif(ifelse(is.finite(x), x, NA), 13))
  frame
}
cells <- list()
for (name in names(designs)) {
  options(survey.lonely.psu = lonely_of(name))
  design <- designs[[name]]
  targets <- targets_of(name)
  domains <- domains_of(name)
  for (indicator in names(targets)) for (type in names(domains)) {
    codes <- domains[[type]](rows_of(design))
    for (code in sort(unique(codes))) {
      cell <- tryCatch(suppressWarnings(one(design, targets[[indicator]], codes == code)),
                       error = function(e) {cat(name, indicator, code, conditionMessage(e), "\n"); NULL})
      if (is.null(cell)) next
      cells[[length(cells) + 1]] <- cbind(design = name, indicator = indicator, domain_type = type,
                                          domain = code, cell)
    }
  }
}
options(survey.lonely.psu = "adjust")
# Deville's variance for unequal probabilities, factor (1 - p) n/(n - 1) as gustave::varDT (not
# installable here): sampling::varest has 1/(1 - sum(a^2)) in place of n/(n - 1), a = (1 - p)/sum.
a <- (1 - pps$p) / sum(1 - pps$p)
to_first <- (1 - sum(a^2)) * nrow(pps) / (nrow(pps) - 1)
deville <- function(indicator, statistic, y, x = NULL) {
  if (is.null(x)) {estimate <- sum(y / pps$p); u <- y}
  else {estimate <- sum(y / pps$p) / sum(x / pps$p); u <- (y - estimate * x) / sum(x / pps$p)}
  data.frame(design = "pps_deville", indicator = indicator, domain_type = "ensemble",
             domain = "ensemble", statistic = statistic, order = NA, interval = NA,
             estimate = estimate, std_error = sqrt(to_first * as.vector(varest(u, pik = pps$p))),
             deff = NA,
             df = nrow(pps) - 1, conf_low = NA, conf_high = NA, n_respondents = nrow(pps))
}
result <- rbind(do.call(rbind, cells), deville("kerry", "total", pps$kerry),
                deville("bush_share", "ratio", pps$bush, pps$votes))
# No error, no number: R's NaN at the second stage (`average`) is not a reference.
result <- result[is.finite(result$std_error) | result$statistic == "quantile", ]
write.csv(rounded(result), "engine.csv", row.names = FALSE, na = "", quote = FALSE)

# --- covariance of several estimates -------------------------------------------------------------
# Mean of api00 by stype (svyby, covmat), then with the total of api99 and the share of awards among
# sch.wide: linearised variables, whose totals have the covariance of the estimates.
linearised <- function(design) {
  rows <- design$variables
  w <- weights(design)
  mean_of <- function(y, inside) {
    inside <- as.numeric(inside)
    size <- sum(w * inside)
    inside * (y - sum(w * y * inside) / size) / size
  }
  columns <- lapply(c("E", "H", "M"), function(s) mean_of(rows$api00, rows$stype == s))
  columns <- c(columns, list(rows$api99, mean_of(yes(rows$awards), rows$sch.wide == "Yes")))
  names(columns) <- paste0("z", 1:5)
  design$variables <- data.frame(columns)
  unname(vcov(svytotal(~z1 + z2 + z3 + z4 + z5, design)))
}
labels <- c("api00 E", "api00 H", "api00 M", "api99 ensemble", "awards_among_sch_wide ensemble")
covariances <- list()
contrasts <- list()
for (name in c("strat", "crossed", "clus1", "clus2", "two_stages", "linear", "raking",
               "raking_clus1", "linear_clus2")) {
  design <- designs[[name]]
  v <- linearised(design)
  covariances[[name]] <- data.frame(design = name, first = rep(labels, 5),
                                    second = rep(labels, each = 5), covariance = as.vector(v))
  if (!is.null(design$postStrata)) next  # svyby(covmat = TRUE) fails on calibrated designs
  by_type <- svyby(~api00, ~stype, design, svymean, covmat = TRUE)
  stopifnot(all.equal(unname(vcov(by_type)), v[1:3, 1:3], tolerance = 1e-10))
  against <- svycontrast(by_type, list(E_H = c(E = 1, H = -1), E_mean = c(E = 1, H = -.5, M = -.5)))
  contrasts[[name]] <- data.frame(design = name, contrast = names(coef(against)),
                                  estimate = as.vector(coef(against)), std_error = as.vector(SE(against)))
}
write.csv(rounded(do.call(rbind, covariances)), "engine_covariance.csv", row.names = FALSE, quote = FALSE)
write.csv(rounded(do.call(rbind, contrasts)), "engine_contrasts.csv", row.names = FALSE, quote = FALSE)
cat(nrow(result), "cells; R", as.character(getRversion()), "survey",
    as.character(packageVersion("survey")), "sampling", as.character(packageVersion("sampling")), "\n")
