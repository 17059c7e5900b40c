// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Machine-readable output: JSON, and the text format of Prometheus for the
 * textfile collector of its node exporter.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <string.h>

#include "smi.h"

void json_string(FILE *out, const char *text)
{
	const unsigned char *p;

	fputc('"', out);
	for (p = (const unsigned char *)text; *p; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(out, "\\%c", *p);
		else if (*p < 0x20 || *p == 0x7f)
			fprintf(out, "\\u%04x", *p);
		else
			fputc(*p, out);
	}
	fputc('"', out);
}

static void json_text(FILE *out, const char *key, const char *text)
{
	fprintf(out, "  \"%s\": ", key);
	json_string(out, text);
	fputs(",\n", out);
}

static void json_number(FILE *out, const char *key, int64_t value)
{
	if (value == SMI_UNKNOWN)
		fprintf(out, "  \"%s\": null,\n", key);
	else
		fprintf(out, "  \"%s\": %" PRId64 ",\n", key, value);
}

static void json_cores(FILE *out, const struct sample *s)
{
	const struct device *dev = &s->now;
	const char *comma = "";
	unsigned int core;

	fputs("  \"cores\": [", out);
	for (core = 0; core < SMI_CORES; core++) {
		if (!(dev->cores & 1u << core))
			continue;
		fprintf(out, "%s\n    { \"core\": %u, \"used_percent\": %.1f, \"busy_us\": %" PRIu64 ", \"power\": \"%s\" }",
			comma, core, s->used[core], dev->busy_us[core], dev->powered[core] ? "on" : "off");
		comma = ",";
	}
	fputs("\n  ],\n", out);
}

static void json_clients(FILE *out, const struct sample *s)
{
	const char *comma = "", *inner;
	unsigned int i, core;

	fputs("  \"clients\": [", out);
	for (i = 0; i < s->clients.count; i++) {
		const struct client *c = &s->clients.client[i];

		fprintf(out, "%s\n    { \"client\": %" PRIu64 ", \"pid\": %d, \"uid\": %u, \"command\": ", comma,
			c->id, c->pid, c->uid);
		json_string(out, c->comm);
		fprintf(out, ", \"memory_bytes\": %" PRIu64 ", \"jobs_done\": %" PRIu64 ", \"jobs_failed\": %" PRIu64 ", \"cores\": [",
			c->memory, c->done, c->failed);
		for (core = 0, inner = ""; core < SMI_CORES; core++) {
			if (!(s->now.cores & 1u << core))
				continue;
			fprintf(out, "%s{ \"core\": %u, \"used_percent\": %.1f, \"busy_ns\": %" PRIu64 " }", inner, core,
				s->share[i][core], c->busy_ns[core]);
			inner = ", ";
		}
		fputs("] }", out);
		comma = ",";
	}
	fprintf(out, "%s],\n", s->clients.count ? "\n  " : "");
}

void json_print(FILE *out, const struct sample *s)
{
	const struct device *dev = &s->now;

	fputs("{\n", out);
	json_text(out, "device", dev->name);
	json_text(out, "render_node", dev->render);
	json_text(out, "card_node", dev->card);
	json_text(out, "soc", dev->soc);
	json_text(out, "driver_version", dev->release);
	json_text(out, "interface_version", dev->interface);
	json_number(out, "clock_hz", dev->clock_hz);
	json_number(out, "clock_max_hz", dev->clock_max_hz);
	json_text(out, "clock_limit", dev->clock_limit);
	json_number(out, "voltage_uv", dev->voltage_uv);
	json_number(out, "temperature_millidegrees", dev->millidegrees);
	json_number(out, "load_percent", dev->load_all);
	json_cores(out, s);
	json_number(out, "jobs_done", (int64_t)dev->done);
	json_number(out, "jobs_failed", (int64_t)dev->failed);
	json_number(out, "jobs_timed_out", (int64_t)dev->timed_out);
	json_number(out, "jobs_cancelled", (int64_t)dev->cancelled);
	json_number(out, "faults", (int64_t)dev->faults);
	json_number(out, "resets", (int64_t)dev->resets);
	json_number(out, "lost_starts", (int64_t)dev->lost);
	json_number(out, "memory_bytes", (int64_t)dev->memory);
	json_number(out, "sram_total_bytes", (int64_t)dev->sram_total);
	json_number(out, "sram_used_bytes", (int64_t)dev->sram_used);
	json_number(out, "pool_total_bytes", (int64_t)dev->pool_total);
	json_number(out, "pool_used_bytes", (int64_t)dev->pool_used);
	json_clients(out, s);
	fprintf(out, "  \"hidden_processes\": %u\n}\n", s->clients.hidden);
}

static void metric(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP rknpu_%s %s\n# TYPE rknpu_%s %s\n", name, help, name, type);
}

static void gauge(FILE *out, const char *name, const char *help, int64_t value, double scale)
{
	if (value == SMI_UNKNOWN)
		return;
	metric(out, name, "gauge", help);
	fprintf(out, "rknpu_%s %.10g\n", name, (double)value * scale);
}

static void counter(FILE *out, const char *name, const char *help, uint64_t value)
{
	metric(out, name, "counter", help);
	fprintf(out, "rknpu_%s %" PRIu64 "\n", name, value);
}

static void prometheus_cores(FILE *out, const struct device *dev)
{
	unsigned int core;

	metric(out, "core_busy_seconds_total", "counter", "Time that jobs have spent on the core.");
	for (core = 0; core < SMI_CORES; core++)
		if (dev->cores & 1u << core)
			fprintf(out, "rknpu_core_busy_seconds_total{core=\"%u\"} %.6f\n", core, (double)dev->busy_us[core] / 1e6);
	metric(out, "core_load_ratio", "gauge", "Part of the last whole second in which jobs were on the core.");
	for (core = 0; core < SMI_CORES; core++)
		if (dev->cores & 1u << core && dev->load[core] != SMI_UNKNOWN)
			fprintf(out, "rknpu_core_load_ratio{core=\"%u\"} %.2f\n", core, (double)dev->load[core] / 100);
	metric(out, "core_powered", "gauge", "Whether the core has power.");
	for (core = 0; core < SMI_CORES; core++)
		if (dev->cores & 1u << core)
			fprintf(out, "rknpu_core_powered{core=\"%u\"} %d\n", core, dev->powered[core]);
}

void prometheus_print(FILE *out, const struct sample *s)
{
	const struct device *dev = &s->now;

	metric(out, "info", "gauge", "The NPU and its driver.");
	fprintf(out, "rknpu_info{device=\"%s\",soc=\"%s\",driver=\"%s\",interface=\"%s\"} 1\n", dev->name, dev->soc, dev->release,
		dev->interface);
	prometheus_cores(out, dev);
	metric(out, "jobs_total", "counter", "Jobs that have ended.");
	fprintf(out, "rknpu_jobs_total{result=\"done\"} %" PRIu64 "\n", dev->done);
	fprintf(out, "rknpu_jobs_total{result=\"timed_out\"} %" PRIu64 "\n", dev->timed_out);
	fprintf(out, "rknpu_jobs_total{result=\"failed\"} %" PRIu64 "\n", dev->failed - dev->timed_out);
	fprintf(out, "rknpu_jobs_total{result=\"cancelled\"} %" PRIu64 "\n", dev->cancelled);
	counter(out, "faults_total", "Accesses to addresses without translation.", dev->faults);
	counter(out, "resets_total", "Resets of a core to recover it.", dev->resets);
	counter(out, "lost_starts_total", "Starts that the hardware lost and that were repeated.", dev->lost);
	gauge(out, "memory_bytes", "Size of all buffers that have an address.", (int64_t)dev->memory, 1);
	gauge(out, "sram_bytes", "On-chip memory.", (int64_t)dev->sram_total, 1);
	gauge(out, "sram_used_bytes", "On-chip memory in use.", (int64_t)dev->sram_used, 1);
	gauge(out, "pool_bytes", "Memory that the device tree reserves.", (int64_t)dev->pool_total, 1);
	gauge(out, "pool_used_bytes", "Contiguous memory in use.", (int64_t)dev->pool_used, 1);
	gauge(out, "clock_hertz", "Rate of the compute clock.", dev->clock_hz, 1);
	gauge(out, "clock_max_hertz", "Rate of the compute clock while there is work.", dev->clock_max_hz, 1);
	gauge(out, "voltage_volts", "Voltage of its supply.", dev->voltage_uv, 1e-6);
	gauge(out, "temperature_celsius", "Temperature.", dev->millidegrees, 1e-3);
}
