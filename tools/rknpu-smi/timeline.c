// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Draws a trace as a self-contained SVG: a lane for each core, jobs in the colour
 * of their process, failed ones striped, resets and faults marked. Elements under the
 * pointer show details.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "smi.h"
#include "trace.h"

#define WIDTH		1200
#define LEFT		112
#define RIGHT		28
#define TOP		104
#define LANE		54
#define GAP		22
#define TICKS		10
#define COLOURS		10
#define LEGEND_COLUMN	210

static const char * const palette[COLOURS] = {
	"#3b82c4", "#f28e2b", "#59a14f", "#af7aa1", "#e3b505", "#4fb3a9", "#e0607e", "#8c6d4f", "#7a8ce0", "#9aa23c",
};

/* A process of the trace; its place in the list selects its colour */
struct process {
	int pid;
	const char *comm;
	size_t jobs;
	double busy;
};

struct drawing {
	FILE *out;
	const struct trace *trace;
	struct process *processes;
	size_t num_processes;
	unsigned int lane[3], lanes;
};

static double x_of(const struct drawing *d, double at)
{
	double length = d->trace->end - d->trace->begin;

	return LEFT + (length > 0 ? (at - d->trace->begin) / length : 0) * (WIDTH - LEFT - RIGHT);
}

static unsigned int y_of(const struct drawing *d, unsigned int core)
{
	return TOP + d->lane[core] * (LANE + GAP);
}

static void put_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '<' || *text == '>' || *text == '&' || *text == '"')
			fprintf(out, "&#%d;", *text);
		else if ((unsigned char)*text >= 0x20)
			fputc(*text, out);
	}
}

/* Format a duration in a suitable unit */
static const char *time_text(char *text, size_t size, double seconds)
{
	if (seconds == 0)
		snprintf(text, size, "0");
	else if (seconds < 0.9995e-3)
		snprintf(text, size, "%.4g µs", seconds * 1e6);
	else if (seconds < 0.9995)
		snprintf(text, size, "%.4g ms", seconds * 1e3);
	else
		snprintf(text, size, "%.4g s", seconds);
	return text;
}

static size_t process_of(const struct drawing *d, int pid)
{
	size_t i;

	for (i = 0; i < d->num_processes && d->processes[i].pid != pid; i++)
		;
	return i;
}

static bool find_processes(struct drawing *d)
{
	size_t i;

	d->processes = calloc(d->trace->num_jobs + 1, sizeof(*d->processes));
	if (!d->processes)
		return false;
	for (i = 0; i < d->trace->num_jobs; i++) {
		const struct span *job = &d->trace->jobs[i];
		struct process *p = &d->processes[process_of(d, job->pid)];

		if (p == &d->processes[d->num_processes]) {
			d->num_processes++;
			p->pid = job->pid;
			p->comm = job->comm;
		}
		p->jobs++;
		p->busy += job->end - job->begin;
	}
	return true;
}

static double busy_of(const struct drawing *d, unsigned int core)
{
	double busy = 0;
	size_t i;

	for (i = 0; i < d->trace->num_jobs; i++)
		if (d->trace->jobs[i].core == core)
			busy += d->trace->jobs[i].end - d->trace->jobs[i].begin;
	return busy;
}

static void draw_head(const struct drawing *d, unsigned int height)
{
	size_t i, failed = 0, jobs = 0;
	char text[32];

	for (i = 0; i < d->trace->num_jobs; i++) {
		const struct span *job = &d->trace->jobs[i];

		/* The spans of one job on several cores are consecutive */
		if (i && job->id == job[-1].id)
			continue;
		jobs++;
		failed += job->result != 0;
	}
	fprintf(d->out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" viewBox=\"0 0 %d %u\" "
		"font-family=\"system-ui, 'DejaVu Sans', sans-serif\" font-size=\"13\" fill=\"#243240\">\n"
		"<title>NPU timeline</title>\n<defs>\n"
		"<pattern id=\"failed\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
		"<rect width=\"4\" height=\"8\" fill=\"#d62839\"/></pattern>\n</defs>\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
		WIDTH, height, WIDTH, height);
	fprintf(d->out, "<text x=\"28\" y=\"40\" font-size=\"22\" font-weight=\"600\">NPU timeline</text>\n");
	fprintf(d->out, "<text x=\"28\" y=\"64\" fill=\"#67788a\">%zu %s of %zu %s in %s", jobs,
		jobs == 1 ? "job" : "jobs", d->num_processes, d->num_processes == 1 ? "process" : "processes",
		time_text(text, sizeof(text), d->trace->end - d->trace->begin));
	if (failed)
		fprintf(d->out, "<tspan fill=\"#d62839\">, %zu failed</tspan>", failed);
	fprintf(d->out, "</text>\n");
}

/* 1, 2 or 5 times a power of ten */
static double nice_step(double length)
{
	double power = pow(10, floor(log10(length / TICKS))), rest = length / TICKS / power;

	return power * (rest <= 1 ? 1 : rest <= 2 ? 2 : rest <= 5 ? 5 : 10);
}

static void draw_axis(const struct drawing *d)
{
	double length = d->trace->end - d->trace->begin, step, at;
	unsigned int bottom = TOP + d->lanes * (LANE + GAP) - GAP + 8;
	char text[32];

	if (length <= 0)
		return;
	step = nice_step(length);
	for (at = 0; at <= length * 1.0001; at += step) {
		double x = x_of(d, d->trace->begin + at);

		fprintf(d->out, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%u\" stroke=\"#e3e8ed\"/>\n",
			x, x, TOP - 14, bottom);
		fprintf(d->out, "<text x=\"%.1f\" y=\"%u\" text-anchor=\"middle\" font-size=\"11\" fill=\"#67788a\">%s</text>\n",
			x,
			bottom + 18, time_text(text, sizeof(text), round(at / step) * step));
	}
}

static void draw_lane(const struct drawing *d, unsigned int core)
{
	double length = d->trace->end - d->trace->begin;
	unsigned int y = y_of(d, core);
	size_t i;

	fprintf(d->out, "<rect x=\"%d\" y=\"%u\" width=\"%d\" height=\"%d\" rx=\"4\" fill=\"#f3f5f8\"/>\n",
		LEFT, y, WIDTH - LEFT - RIGHT,
		LANE);
	fprintf(d->out, "<text x=\"28\" y=\"%u\" font-weight=\"600\">core %u</text>\n", y + LANE / 2 - 2, core);
	fprintf(d->out, "<text x=\"28\" y=\"%u\" font-size=\"12\" fill=\"#67788a\">%.1f %% busy</text>\n", y + LANE / 2 + 15,
		length > 0 ? 100 * busy_of(d, core) / length : 0);
	for (i = 0; i < d->trace->num_power; i++) {
		const struct span *power = &d->trace->power[i];

		if (power->core == core)
			fprintf(d->out, "<rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"4\" fill=\"#b7d8a8\">"
				"<title>powered</title></rect>\n",
				x_of(d, power->begin), y + LANE + 2, x_of(d, power->end) - x_of(d, power->begin));
	}
}

static void draw_job(const struct drawing *d, const struct span *job)
{
	double x = x_of(d, job->begin), width = x_of(d, job->end) - x;
	unsigned int y = y_of(d, job->core) + 6;
	int pass;
	char text[32];

	/* Anything thinner than half a pixel would not be visible */
	width = width < 0.6 ? 0.6 : width;
	for (pass = 0; pass < (job->result ? 2 : 1); pass++) {
		fprintf(d->out, "<rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%d\" rx=\"%d\" fill=\"%s\"%s>",
			x, y, width, LANE - 12,
			width > 6 ? 3 : 0, pass ? "url(#failed)" : palette[process_of(d, job->pid) % COLOURS],
			width > 3 ? " stroke=\"#ffffff\" stroke-width=\"0.5\"" : "");
		fprintf(d->out, "<title>job %llu of ", (unsigned long long)job->id);
		put_text(d->out, job->comm);
		fprintf(d->out, "[%d]: %s", job->pid, time_text(text, sizeof(text), job->end - job->begin));
		if (job->result)
			fprintf(d->out, ", failed: %s", strerror(-job->result));
		if (job->open)
			fputs(", still running", d->out);
		fputs("</title></rect>\n", d->out);
	}
}

static void draw_mark(const struct drawing *d, const struct mark *mark)
{
	double x = x_of(d, mark->at);
	unsigned int y = y_of(d, mark->core);

	if (mark->kind == 'r')
		fprintf(d->out, "<path d=\"M%.2f %u l-4 -8 h8 z\" fill=\"#67788a\"><title>reset</title></path>\n", x, y + 3);
	else if (mark->kind == 'f')
		fprintf(d->out, "<path d=\"M%.2f %u l6 8 l-6 8 l-6 -8 z\" fill=\"#d62839\" stroke=\"#ffffff\">"
			"<title>fault at 0x%08llx</title></path>\n",
			x, y - 6, (unsigned long long)mark->value);
	else
		fprintf(d->out, "<rect x=\"%.2f\" y=\"%u\" width=\"1.4\" height=\"%d\" fill=\"%s\">"
			"<title>address space %llu of process %d attached</title></rect>\n",
			x - 0.7, y, LANE, palette[process_of(d, mark->pid) % COLOURS], (unsigned long long)mark->value,
			mark->pid);
}

static void draw_legend(const struct drawing *d, unsigned int y)
{
	static const char * const signs[] = {
		"<path d=\"M%u %u l-4 -8 h8 z\" fill=\"#67788a\"/>",
		"<path d=\"M%u %u m0 -11 l5 7 l-5 7 l-5 -7 z\" fill=\"#d62839\"/>",
		"<rect x=\"%u\" y=\"%u\" width=\"22\" height=\"4\" transform=\"translate(-11,-6)\" fill=\"#b7d8a8\"/>",
	};
	static const char * const names[] = { "reset", "address not mapped", "powered" };
	unsigned int per_row = (WIDTH - 2 * 28) / LEGEND_COLUMN, i;
	char text[32];

	for (i = 0; i < d->num_processes; i++) {
		unsigned int x = 28 + i % per_row * LEGEND_COLUMN, row = y + i / per_row * 24;

		fprintf(d->out, "<rect x=\"%u\" y=\"%u\" width=\"14\" height=\"14\" rx=\"3\" fill=\"%s\"/>"
			"<text x=\"%u\" y=\"%u\">", x, row - 12,
			palette[i % COLOURS], x + 22, row);
		put_text(d->out, d->processes[i].comm);
		fprintf(d->out, "[%d]<tspan fill=\"#67788a\">  %s</tspan></text>\n", d->processes[i].pid,
			time_text(text, sizeof(text), d->processes[i].busy));
	}
	y += ((unsigned int)d->num_processes + per_row - 1) / per_row * 24 + 4;
	for (i = 0; i < 3; i++) {
		unsigned int x = 28 + i * LEGEND_COLUMN;

		fprintf(d->out, signs[i], x + 7, y - 1);
		fprintf(d->out, "<text x=\"%u\" y=\"%u\" fill=\"#67788a\">%s</text>\n", x + 22, y, names[i]);
	}
}

static void draw(struct drawing *d)
{
	unsigned int core, lanes_end, per_row = (WIDTH - 2 * 28) / LEGEND_COLUMN;
	size_t i;

	for (core = 0; core < 3; core++)
		if (d->trace->cores & 1u << core)
			d->lane[core] = d->lanes++;
	lanes_end = TOP + d->lanes * (LANE + GAP) - GAP;
	draw_head(d, lanes_end + 90 + (unsigned int)(d->num_processes + per_row - 1) / per_row * 24);
	for (core = 0; core < 3; core++)
		if (d->trace->cores & 1u << core)
			draw_lane(d, core);
	draw_axis(d);
	for (i = 0; i < d->trace->num_marks; i++)
		if (d->trace->marks[i].kind == 'a')
			draw_mark(d, &d->trace->marks[i]);
	for (i = 0; i < d->trace->num_jobs; i++)
		draw_job(d, &d->trace->jobs[i]);
	for (i = 0; i < d->trace->num_marks; i++)
		if (d->trace->marks[i].kind != 'a')
			draw_mark(d, &d->trace->marks[i]);
	draw_legend(d, lanes_end + 62);
	fputs("</svg>\n", d->out);
}

int timeline_draw(const char *file, const char *svg)
{
	struct drawing d = { 0 };
	struct trace trace;
	int failed = 1;

	if (!trace_read(&trace, file))
		return 1;
	d.trace = &trace;
	d.out = svg ? fopen(svg, "we") : stdout;
	if (!d.out || !find_processes(&d)) {
		fprintf(stderr, "rknpu-smi: %s: %s\n", svg ? svg : "standard output", strerror(errno));
		goto out;
	}
	draw(&d);
	failed = ferror(d.out) || fflush(d.out);
out:
	if (d.out && d.out != stdout)
		fclose(d.out);
	free(d.processes);
	trace_free(&trace);
	return failed;
}
