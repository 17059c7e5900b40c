/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_RATES_H
#define RKNPU_RATES_H

struct device;
struct rknpu_power;

/**
 * struct rknpu_rates - rates that the compute clock may run at; immutable after initialization
 * @num: number of rates; with 0 the clock is left as it is.
 * @max_hz: the highest rate.
 * @limit: what rules out higher rates, a word for user space: "none", "clock", "supply" (its range),
 *	"no supply", "unknown" (no table).
 */
struct rknpu_rates {
	unsigned int num;
	unsigned long max_hz;
	const char *limit;
};

int rknpu_rates_init(struct rknpu_rates *rates, const struct rknpu_power *power);
unsigned long rknpu_rates_uv(struct device *dev, unsigned long hz);

#endif /* RKNPU_RATES_H */
