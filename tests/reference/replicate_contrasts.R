# Contrasts by replicate weights, read by tests/analysis/test_contrasts.py.
# Made with R 4.2.2 and survey 4.1.1:  Rscript replicate_contrasts.R   (in this folder; the replicate
# weights are those of replication_weights.csv, on the rows of apisrs.csv and apiclus1.csv)
#
# designs: boot (apiclus1), boot_mse (centred on the estimates, rscales 0.1, 0.2, ...), fay (apisrs,
# Fay's rho 0.3). Contrasts of means of api00 by school type, and of shares, with svycontrast on the
# replicates of each: linear ones from the covariance, E / H computed anew in each replicate. A
# replicate that lacks a domain of the contrast is left out. df is degf of the whole design; the
# interval and test are those of t.
suppressMessages(library(survey))
options(digits = 17)
drawn <- read.csv("replication_weights.csv")
matrix_of <- function(name) {
  rows <- drawn[drawn$design == name, ]
  w <- matrix(0, max(rows$row), max(rows$replicate))
  w[cbind(rows$row, rows$replicate)] <- rows$weight
  w
}
design_of <- function(name, file, scale, rscales, mse = FALSE) {
  svrepdesign(data = read.csv(file), weights = ~pw, repweights = matrix_of(name), type = "other",
              scale = scale, rscales = rscales, combined.weights = TRUE, mse = mse)
}
designs <- list(
  boot = design_of("boot", "apiclus1.csv", 1 / 23, rep(1, 24)),
  boot_mse = design_of("boot", "apiclus1.csv", 0.03, seq_len(24) / 10, TRUE),
  fay = design_of("fay", "apisrs.csv", 1 / (24 * 0.7^2), rep(1, 24))
)
mean_of <- function(w, y) sum(w * y) / sum(w)
cells <- list(
  E = function(w, d) mean_of(w * (d$stype == "E"), d$api00),
  H = function(w, d) mean_of(w * (d$stype == "H"), d$api00),
  M = function(w, d) mean_of(w * (d$stype == "M"), d$api00),
  ensemble = function(w, d) mean_of(w, d$api00),
  awards = function(w, d) mean_of(w, d$awards == "Yes"),
  sch_wide = function(w, d) mean_of(w, d$sch_wide == "Yes")
)
contrasts <- list(
  "E - H" = c(E = 1, H = -1),
  "E - M" = c(E = 1, M = -1),
  "H - M" = c(H = 1, M = -1),
  "H - ensemble" = c(H = 1, ensemble = -1),
  "E - (H + M) / 2" = c(E = 1, H = -0.5, M = -0.5),
  "awards - sch_wide" = c(awards = 1, sch_wide = -1),
  "E / H" = quote(E / H)
)
one <- function(design, how) {
  used <- if (is.language(how)) all.vars(how) else names(how)
  stat <- withReplicates(design, function(w, data) sapply(cells[used], function(cell) cell(w, data)),
                         return.replicates = TRUE)
  kept <- complete.cases(stat$replicates)
  if (is.language(how)) {
    replicates <- stat$replicates[kept, , drop = FALSE]
    attr(replicates, "scale") <- design$scale
    attr(replicates, "rscales") <- design$rscales[kept]
    attr(replicates, "mse") <- design$mse
    stat$replicates <- replicates
  } else {
    stat <- structure(stat$theta, class = "svrepstat")  # survey 4.1 fails on a list here
  }
  found <- svycontrast(stat, list(how))
  df <- degf(design)
  estimate <- as.vector(coef(found))
  error <- as.vector(SE(found))
  width <- qt(0.975, df) * error
  data.frame(estimate = estimate, std_error = error, conf_low = estimate - width,
             conf_high = estimate + width, ddf = df, p_value = 2 * pt(-abs(estimate / error), df),
             left_out = sum(!kept))
}
rows <- list()
for (name in names(designs)) for (contrast in names(contrasts)) {
  cell <- suppressWarnings(one(designs[[name]], contrasts[[contrast]]))
  rows[[length(rows) + 1]] <- cbind(design = name, contrast = contrast, cell)
}
result <- do.call(rbind, rows)
write.csv(result, "replicate_contrasts.csv", row.names = FALSE, quote = FALSE)
cat(nrow(result), "contrasts; R", as.character(getRversion()), "survey", as.character(packageVersion("survey")), "\n")
