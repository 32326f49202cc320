# Sections of benchmarks/engine.py by R survey: Rscript engine_peers.R SECTION FOLDER
# Prints {"seconds": s, "peak": MB or null}; reading the file and making the design are not timed.
suppressPackageStartupMessages(library(survey))
arguments <- commandArgs(trailingOnly = TRUE)
section <- arguments[1]
data <- read.csv(file.path(arguments[2], "data.csv"))
timed <- function(run) unname(system.time(run())["elapsed"])
strata <- if (section %in% c("raking", "logit")) NULL else ~stratum
design <- svydesign(ids = ~1, strata = strata, weights = ~weight, data = data,
                    fpc = if (section == "million") ~stratum_size else NULL)
shares <- ~ y0 + y1 + y2 + y3 + y4
if (section %in% c("raking", "logit")) {
  margins <- read.csv(file.path(arguments[2], "margins.csv"))
  names <- unique(margins$variable)
  for (name in names) design$variables[[name]] <- factor(design$variables[[name]])
}
seconds <- switch(section,
  million = timed(function() svyby(shares, ~zone, design, svymean)),
  raking = timed(function() {
    tables <- lapply(names, function(name) {
      own <- margins[margins$variable == name, ]
      setNames(data.frame(own$category, own$total), c(name, "Freq"))
    })
    rake(design, lapply(names, function(name) as.formula(paste("~", name))), tables,
         control = list(maxit = 100, epsilon = 1e-9)) # under 1, a fraction of the sum of weights
  }),
  logit = timed(function() {
    formula <- as.formula(paste("~", paste(names, collapse = "+")))
    columns <- colnames(model.matrix(formula, design$variables[1:2, ]))
    totals <- setNames(margins$total, paste0(margins$variable, margins$category))
    totals <- c("(Intercept)" = sum(margins$total[margins$variable == names[1]]), totals)[columns]
    calibrate(design, formula, totals, calfun = "logit", bounds = c(0.4, 2.5), epsilon = 1e-9,
              maxit = 100)
  }),
  bootstrap = timed(function() {
    replicates <- as.svrepdesign(design, type = "subbootstrap", replicates = 500)
    svyby(shares, ~zone, replicates, svymean)
  })
)
status <- tryCatch(readLines("/proc/self/status"), error = function(e) character())
peak <- as.numeric(gsub("\\D", "", grep("VmHWM", status, value = TRUE))) / 1024
cat(sprintf('{"seconds": %.3f, "peak": %s}\n', seconds,
            if (length(peak)) sprintf("%.0f", peak) else "null"))
