// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: The screen: the device in a frame, with the processes below. Colour draws
 * attention to what needs it, and never shows anything that the text does not say.
 */
#define _GNU_SOURCE
#include <pwd.h>
#include <stdarg.h>
#include <string.h>
#include <sys/utsname.h>

#include "smi.h"

#define WIDTH		78	/* inside the frame */
#define BAR		36
#define EIGHTHS		8

static const char * const plain_frame[] = { "+", "+", "+", "+", "+", "+", "-", "|" };
static const char * const line_frame[] = { "┌", "┐", "├", "┤", "└", "┘", "─", "│" };
static const char * const block[EIGHTHS] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };

static const char *ink(const struct style *style, const char *code)
{
	return style->colour ? code : "";
}

#define DIM	"\033[2m"
#define BOLD	"\033[1m"
#define GREEN	"\033[32m"
#define YELLOW	"\033[33m"
#define OFF	"\033[0m"

/* Number of columns of UTF-8 text; no character here is wider than one */
static unsigned int columns(const char *text)
{
	unsigned int count = 0;

	for (; *text; text++)
		count += (*text & 0xc0) != 0x80;
	return count;
}

static void frame(FILE *out, const struct style *style, unsigned int row)
{
	const char * const *parts = style->unicode ? line_frame : plain_frame;
	unsigned int i;

	fputs(ink(style, DIM), out);
	fputs(parts[2 * row], out);
	for (i = 0; i < WIDTH; i++)
		fputs(parts[6], out);
	fprintf(out, "%s%s\n", parts[2 * row + 1], ink(style, OFF));
}

/* A row of the frame; @extra: bytes of @text that take no column */
static void row(FILE *out, const struct style *style, const char *text, unsigned int width)
{
	const char *side = style->unicode ? line_frame[7] : plain_frame[7];

	fprintf(out, "%s%s%s %s%*s%s%s%s\n", ink(style, DIM), side, ink(style, OFF), text,
		width < WIDTH - 1 ? (int)(WIDTH - 1 - width) : 0, "", ink(style, DIM), side, ink(style, OFF));
}

static void text_row(FILE *out, const struct style *style, const char *left, const char *right)
{
	char text[512];
	unsigned int used = columns(left) + columns(right);

	snprintf(text, sizeof(text), "%s%*s%s", left, used < WIDTH - 2 ? (int)(WIDTH - 2 - used) : 1, "", right);
	row(out, style, text, columns(text));
}

static void bar(char *text, size_t size, double percent, const struct style *style)
{
	unsigned int eighths = (unsigned int)(percent / 100 * BAR * EIGHTHS + 0.5), i;
	size_t used = 0;

	for (i = 0; i < BAR && used < size; i++) {
		unsigned int here = eighths > i * EIGHTHS ? eighths - i * EIGHTHS : 0;
		const char *piece;

		if (!style->unicode)
			piece = here >= EIGHTHS / 2 ? "#" : ".";
		else if (here >= EIGHTHS)
			piece = "█";
		else
			piece = here ? block[here] : " ";
		used += (size_t)snprintf(text + used, size - used, "%s", piece);
	}
}

static void core_row(FILE *out, const struct sample *s, unsigned int core, const struct style *style)
{
	char pieces[BAR * 4 + 1], text[512];
	double used = s->used[core];
	const char *colour = used >= 90 ? YELLOW : GREEN;

	bar(pieces, sizeof(pieces), used, style);
	snprintf(text, sizeof(text), "core %u  %s%s%s%s%s%s%s  %s%5.1f %%%s   %s", core, ink(style, DIM),
		 style->unicode ? "▕" : "[", ink(style, OFF), ink(style, colour), pieces, ink(style, OFF),
		 style->unicode ? "▏" : "]", ink(style, BOLD), used, ink(style, OFF), s->now.powered[core] ? "on" : "off");
	row(out, style, text, 8 + 1 + BAR + 1 + 2 + 7 + 3 + (s->now.powered[core] ? 2 : 3));
}

static const char *size_text(char *text, size_t size, uint64_t bytes)
{
	static const char * const units[] = { "B", "KiB", "MiB", "GiB" };
	double value = (double)bytes;
	unsigned int unit = 0;

	while (value >= 1024 && unit < 3) {
		value /= 1024;
		unit++;
	}
	snprintf(text, size, unit && value < 9.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return text;
}

static void add(char *text, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void add(char *text, size_t size, const char *fmt, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(text + used, size - used, fmt, args);
	va_end(args);
}

static void kernel_release(char *text, size_t size)
{
	struct utsname uts;

	if (smi_line(text, size, "/proc/sys/kernel/osrelease"))
		return;
	snprintf(text, size, "%.40s", uname(&uts) ? "?" : uts.release);
}

static void device_rows(FILE *out, const struct device *dev, const struct style *style)
{
	char left[160] = "", right[160] = "", kernel[64];

	kernel_release(kernel, sizeof(kernel));
	snprintf(left, sizeof(left), "Rockchip %s NPU   %s", dev->soc, dev->name);
	snprintf(right, sizeof(right), "%s, %s", dev->card, dev->render);
	text_row(out, style, left, right);
	snprintf(left, sizeof(left), "driver %s   speaks rknpu %s", dev->release, dev->interface[0] ? dev->interface : "?");
	snprintf(right, sizeof(right), "Linux %s", kernel);
	text_row(out, style, left, right);
}

static void state_rows(FILE *out, const struct device *dev, const struct style *style)
{
	char left[160] = "", right[160] = "", a[32], b[32];
	unsigned int core;
	bool on = false;

	for (core = 0; core < SMI_CORES; core++)
		on |= dev->powered[core];
	if (dev->clock_hz > 0)
		add(left, sizeof(left), "%.0f MHz  ", (double)dev->clock_hz / 1e6);
	if (dev->voltage_uv > 0)
		add(left, sizeof(left), "%.3f V  ", (double)dev->voltage_uv / 1e6);
	if (dev->millidegrees != SMI_UNKNOWN)
		add(left, sizeof(left), "%.1f %sC  ", (double)dev->millidegrees / 1e3, style->unicode ? "°" : "");
	add(left, sizeof(left), "power %s", on ? "on" : "off");
	add(right, sizeof(right), "memory %s", size_text(a, sizeof(a), dev->memory));
	if (dev->sram_total)
		add(right, sizeof(right), "  SRAM %s of %s", size_text(a, sizeof(a), dev->sram_used),
		    size_text(b, sizeof(b), dev->sram_total));
	text_row(out, style, left, right);
}

/* Printed only if there is a limit */
static void limit_row(FILE *out, const struct device *dev, const struct style *style)
{
	char left[160] = "", right[160] = "", a[32], b[32];

	if (dev->clock_limit[0] && strcmp(dev->clock_limit, "none") && dev->clock_max_hz > 0)
		add(left, sizeof(left), "at work %.0f MHz, limited by: %s", (double)dev->clock_max_hz / 1e6, dev->clock_limit);
	if (dev->pool_total)
		add(right, sizeof(right), "reserved memory %s of %s", size_text(a, sizeof(a), dev->pool_used),
		    size_text(b, sizeof(b), dev->pool_total));
	if (*left || *right)
		text_row(out, style, left, right);
}

static void job_row(FILE *out, const struct device *dev, const struct style *style)
{
	bool bad = dev->failed || dev->faults || dev->lost;
	char left[160] = "", right[160] = "", text[512];
	int gap;

	add(left, sizeof(left), "jobs %llu done, %llu failed (%llu out of time)", (unsigned long long)dev->done,
	    (unsigned long long)dev->failed, (unsigned long long)dev->timed_out);
	add(right, sizeof(right), "faults %llu   resets %llu   lost %llu", (unsigned long long)dev->faults,
	    (unsigned long long)dev->resets, (unsigned long long)dev->lost);
	gap = WIDTH - 2 - (int)(strlen(left) + strlen(right));
	gap = gap > 1 ? gap : 1;
	snprintf(text, sizeof(text), "%s%s%*s%s%s", bad ? ink(style, YELLOW) : "", left, gap, "", right, bad ? ink(style, OFF) : "");
	row(out, style, text, (unsigned int)gap + (unsigned int)(strlen(left) + strlen(right)));
}

/* A process with all its opens */
struct process {
	pid_t pid;
	uid_t uid;
	const char *comm;
	uint64_t memory;
	double share[SMI_CORES];
};

static unsigned int processes(const struct sample *s, struct process *list)
{
	unsigned int i, core, count = 0;

	for (i = 0; i < s->clients.count; i++) {
		const struct client *c = &s->clients.client[i];
		struct process *p = count ? &list[count - 1] : NULL;

		if (!p || p->pid != c->pid) {
			p = &list[count++];
			*p = (struct process){ .pid = c->pid, .uid = c->uid, .comm = c->comm };
		}
		p->memory += c->memory;
		for (core = 0; core < SMI_CORES; core++)
			p->share[core] += s->share[i][core];
	}
	return count;
}

static void print_shares(FILE *out, const struct sample *s, const double *share)
{
	unsigned int core;

	for (core = 0; core < SMI_CORES; core++)
		if (s->now.cores & 1u << core)
			fprintf(out, "  %5.1f %%", share[core]);
	fputc('\n', out);
}

static void print_process(FILE *out, const struct sample *s, const struct process *p)
{
	struct passwd *user = getpwuid(p->uid);
	char number[16], memory[32];

	snprintf(number, sizeof(number), "%u", p->uid);
	fprintf(out, "%8d  %-10.10s  %-16.16s %10s", p->pid, user ? user->pw_name : number, p->comm,
		size_text(memory, sizeof(memory), p->memory));
	print_shares(out, s, p->share);
}

/* Share of the cores used by processes that cannot be seen, or that have ended since */
static bool others(const struct sample *s, const struct process *list, unsigned int count, double *share)
{
	unsigned int core, i;
	bool any = false;

	for (core = 0; core < SMI_CORES; core++) {
		share[core] = s->used[core];
		for (i = 0; i < count; i++)
			share[core] -= list[i].share[core];
		if (share[core] < 0)
			share[core] = 0;
		any |= share[core] >= 1;
	}
	return any;
}

static void process_table(FILE *out, const struct sample *s, const struct style *style)
{
	static struct process list[SMI_CLIENTS];
	unsigned int count = processes(s, list), core, i;
	double share[SMI_CORES];

	fprintf(out, "\n%s%8s  %-10s  %-16s %10s", ink(style, BOLD), "pid", "user", "command", "memory");
	for (core = 0; core < SMI_CORES; core++)
		if (s->now.cores & 1u << core)
			fprintf(out, "   core %u", core);
	fprintf(out, "%s\n", ink(style, OFF));
	for (i = 0; i < count; i++)
		print_process(out, s, &list[i]);
	if (s->measured && others(s, list, count, share)) {
		fprintf(out, "%8s  %-10s  %-16s %10s", "-", "-", s->clients.hidden ? "(others)" : "(ended)", "");
		print_shares(out, s, share);
	} else if (!count) {
		fprintf(out, "%s%8s  no process has the NPU open%s%s\n", ink(style, DIM), "",
			s->clients.hidden ? " that may be seen" : "", ink(style, OFF));
	}
	if (s->clients.hidden)
		fprintf(out, "%s%u processes of other users cannot be looked into: only root may read their fdinfo%s\n",
			ink(style, DIM), s->clients.hidden, ink(style, OFF));
}

void screen_print(FILE *out, const struct sample *s, const struct style *style)
{
	unsigned int core;

	frame(out, style, 0);
	device_rows(out, &s->now, style);
	frame(out, style, 1);
	state_rows(out, &s->now, style);
	limit_row(out, &s->now, style);
	for (core = 0; core < SMI_CORES; core++)
		if (s->now.cores & 1u << core)
			core_row(out, s, core, style);
	job_row(out, &s->now, style);
	frame(out, style, 2);
	process_table(out, s, style);
}

void list_print(FILE *out, const struct sample *s)
{
	unsigned int i, core;
	char memory[32];

	fprintf(out, "%8s %8s  %-10s %-16s %10s %10s %8s", "client", "pid", "user", "command", "memory", "jobs", "failed");
	for (core = 0; core < SMI_CORES; core++)
		if (s->now.cores & 1u << core)
			fprintf(out, "  core %u ms", core);
	fputc('\n', out);
	for (i = 0; i < s->clients.count; i++) {
		const struct client *c = &s->clients.client[i];
		struct passwd *user = getpwuid(c->uid);
		char number[16];

		snprintf(number, sizeof(number), "%u", c->uid);
		fprintf(out, "%8llu %8d  %-10.10s %-16.16s %10s %10llu %8llu", (unsigned long long)c->id, c->pid,
			user ? user->pw_name : number, c->comm, size_text(memory, sizeof(memory), c->memory),
			(unsigned long long)c->done, (unsigned long long)c->failed);
		for (core = 0; core < SMI_CORES; core++)
			if (s->now.cores & 1u << core)
				fprintf(out, " %10.1f", (double)c->busy_ns[core] / 1e6);
		fputc('\n', out);
	}
	if (s->clients.hidden)
		fprintf(out, "%u processes of other users cannot be looked into\n", s->clients.hidden);
}
