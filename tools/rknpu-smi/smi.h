/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The data that rknpu-smi has about a device and its users: all of it is from
 * sysfs and fdinfo, without opening the device and without root.
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

/* Value of numbers that are not available */
#define SMI_UNKNOWN	INT64_MIN

/**
 * struct device - one NPU, at one moment
 * @render, @card: names of its nodes, or empty
 * @name: of the platform device
 * @soc, @release, @interface: SoC, version of the driver and of its interface
 * @cores: bit n is set if core n exists
 * @at_ns: monotonic time of the reading
 * @busy_us: time that jobs have spent on each core
 * @load: percentage of the last whole second, from the driver
 * @powered: true for each core that has power
 * @clock_max_hz, @clock_limit: rate while there is work, and the reason for its limit
 * @millidegrees: temperature, or SMI_UNKNOWN like the other signed members
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
 * @id: the driver's id of it
 * @at_ns: when it was read, by the monotonic clock
 * @busy_ns: time that its jobs have spent on each core
 * @memory: bytes of its buffers, including on-chip memory
 */
struct client {
	uint64_t id, at_ns;
	pid_t pid;
	uid_t uid;
	char comm[32];
	uint64_t busy_ns[SMI_CORES];
	uint64_t memory, done, failed;
};

/**
 * struct clients - all visible clients
 * @hidden: number of processes without permission to read
 */
struct clients {
	unsigned int count, hidden;
	struct client client[SMI_CLIENTS];
};

/**
 * struct sample - two readings and their difference
 * @measured: there was an interval; otherwise there are only totals
 * @share: percentage of the interval that each of @now's clients used each core
 * @used: percentage of the interval that each core was used by all clients
 */
struct sample {
	struct device before, now;
	struct clients clients_before, clients;
	double seconds;
	bool measured;
	double used[SMI_CORES];
	double share[SMI_CLIENTS][SMI_CORES];
};

/* Returns the prefix of all paths, for tests; never NULL */
const char *smi_root(void);
/* Read a line of a file under the root, without its end; returns false if there is none */
bool smi_line(char *text, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Read a number from such a file; returns SMI_UNKNOWN if there is none */
int64_t smi_number(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void smi_path(char *path, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

uint64_t smi_now_ns(void);

/* Read the state of the first NPU; returns false if there is none */
bool device_read(struct device *dev);
void clients_read(struct clients *clients, const struct device *dev);
/* Take two readings, @seconds apart; returns false if there is no device */
bool sample_take(struct sample *s, double seconds);

/* Style of the screen; @tall: a terminal with colours */
struct style {
	bool colour, unicode;
	unsigned int columns;
};

void screen_print(FILE *out, const struct sample *s, const struct style *style);
void list_print(FILE *out, const struct sample *s);
void json_print(FILE *out, const struct sample *s);
void json_string(FILE *out, const char *text);
void prometheus_print(FILE *out, const struct sample *s);

/* Subcommands; they return the exit status */
int dump_save(const struct device *dev, const char *file);
int cdi_print(FILE *out, const struct device *dev);
int timeline_draw(const char *trace, const char *svg);

#endif /* SMI_H */
