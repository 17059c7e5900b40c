/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * What rknpu-smi knows of a device and of who uses it: all from sysfs and from
 * fdinfo, without an open of the device and without root.
 */
#ifndef SMI_H
#define SMI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define SMI_VERSION	"0.1.0"
#define SMI_CORES	3
#define SMI_CLIENTS	1024

/* Numbers that need not be there */
#define SMI_UNKNOWN	INT64_MIN

/**
 * struct device - one NPU, at one moment
 * @render, @card: names of its nodes, or empty
 * @name: of the platform device
 * @soc, @release, @interface: SoC, version of the driver and of the interface that it speaks
 * @cores: bit n: core n is there
 * @at_ns: monotonic time of the reading
 * @busy_us: time that jobs have spent on each core
 * @load: percent of the last whole second, by the driver
 * @powered: whether each core has power
 * @clock_max_hz, @clock_limit: rate while there is work, and why it is not more
 * @millidegrees: temperature, or SMI_UNKNOWN; as the other signed ones
 */
struct device {
	char render[32], card[32], name[64], soc[32], release[32], interface[32];
	unsigned int cores;
	uint64_t at_ns;
	uint64_t busy_us[SMI_CORES];
	int64_t load[SMI_CORES], load_all;
	bool powered[SMI_CORES];
	int64_t clock_hz, clock_max_hz, voltage_uv, millidegrees;
	uint64_t done, failed, timed_out, cancelled, faults, resets, lost;
	uint64_t memory, sram_total, sram_used, pool_total, pool_used;
	char clock_limit[32];
};

/**
 * struct client - an open of the device
 * @id: by the driver
 * @busy_ns: time that its jobs have spent on each core
 * @memory: bytes of its buffers, on the chip too
 */
struct client {
	uint64_t id;
	pid_t pid;
	uid_t uid;
	char comm[32];
	uint64_t busy_ns[SMI_CORES];
	uint64_t memory, done, failed;
};

/**
 * struct clients - all that can be seen
 * @hidden: processes that may not be looked into
 */
struct clients {
	unsigned int count, hidden;
	struct client client[SMI_CLIENTS];
};

/**
 * struct sample - two readings and what came between
 * @measured: there was an interval, else there are totals only
 * @share: percent of the interval, of each core, for each of @now's clients
 * @used: likewise, of the device
 */
struct sample {
	struct device before, now;
	struct clients clients_before, clients;
	double seconds;
	bool measured;
	double used[SMI_CORES];
	double share[SMI_CLIENTS][SMI_CORES];
};

/* Prefix of all paths, for tests; never NULL */
const char *smi_root(void);
/* A line of a file under the root, without its end; false when there is none */
bool smi_line(char *text, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A number from such a file, or SMI_UNKNOWN */
int64_t smi_number(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void smi_path(char *path, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The first NPU; false when there is none */
bool device_read(struct device *dev);
void clients_read(struct clients *clients, const struct device *dev);
/* Two readings, @seconds apart; false when there is no device */
bool sample_take(struct sample *s, double seconds);

/* What one sees; @tall: a terminal that colours are for */
struct style {
	bool colour, unicode;
	unsigned int columns;
};

void screen_print(FILE *out, const struct sample *s, const struct style *style);
void list_print(FILE *out, const struct sample *s);
void json_print(FILE *out, const struct sample *s);
void json_string(FILE *out, const char *text);
void prometheus_print(FILE *out, const struct sample *s);

/* Subcommands: exit statuses */
int dump_save(const struct device *dev, const char *file);
int cdi_print(FILE *out, const struct device *dev);
int timeline_draw(const char *trace, const char *svg);

#endif /* SMI_H */
