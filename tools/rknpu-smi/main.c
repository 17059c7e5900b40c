// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * rknpu-smi: what runs on the NPU, for whom, and how fast.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "smi.h"

#define INTERVAL_S	0.5

enum format { SCREEN, LIST, JSON, PROMETHEUS };

static void usage(FILE *out)
{
	fputs("usage: rknpu-smi [OPTION...]           the NPU and who uses it\n"
	      "       rknpu-smi dump [FILE]           save what is known of the last job that failed (root)\n"
	      "       rknpu-smi cdi                   a CDI specification for container engines\n"
	      "       rknpu-smi timeline TRACE [SVG]  a picture of a trace of the rknpu events\n"
	      "\n"
	      "  -l, --loop SECONDS    again and again, each over as many seconds\n"
	      "  -n, --count N         with --loop: N times\n"
	      "  -i, --interval SECS   measure over that time (default 0.5; 0: only totals)\n"
	      "  -c, --list-clients    every open of the device, with totals\n"
	      "  -j, --json            for programs\n"
	      "  -p, --prometheus      text format of Prometheus, for a textfile collector\n"
	      "      --colour=WHEN     always, never or auto: only on a terminal\n"
	      "  -h, --help            this\n"
	      "  -V, --version         the version\n", out);
}

static double seconds_of(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= 0) || value > 86400) {
		fprintf(stderr, "rknpu-smi: %s: no number of seconds\n", text);
		exit(2);
	}
	return value;
}

/* Checks the environment: in a static program the C library has no locales */
static bool wants_utf8(void)
{
	static const char * const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strcasestr(value, "UTF-8") || strcasestr(value, "utf8");
	}
	return false;
}

static int no_device(void)
{
	fprintf(stderr, "rknpu-smi: no NPU found: no /sys/class/drm/renderD*/device/npu; is the rknpu driver loaded?\n");
	return 1;
}

static void print(const struct sample *s, enum format format, const struct style *style)
{
	switch (format) {
	case SCREEN:
		screen_print(stdout, s, style);
		break;
	case LIST:
		list_print(stdout, s);
		break;
	case JSON:
		json_print(stdout, s);
		break;
	case PROMETHEUS:
		prometheus_print(stdout, s);
		break;
	}
	fflush(stdout);
}

static int watch(enum format format, double interval, double loop, long count, const struct style *style)
{
	static struct sample s;
	bool home = format == SCREEN && isatty(STDOUT_FILENO) && loop > 0;

	do {
		if (!sample_take(&s, loop > 0 ? loop : interval))
			return no_device();
		if (home)
			fputs("\033[H\033[J", stdout);
		print(&s, format, style);
		if (ferror(stdout))
			return 1;
	} while (loop > 0 && (count < 0 || --count > 0));
	return 0;
}

static int command(int argc, char **argv)
{
	struct device dev;
	char name[64];
	time_t now = time(NULL);

	if (!strcmp(argv[0], "timeline") && (argc == 2 || argc == 3))
		return timeline_draw(argv[1], argc == 3 ? argv[2] : NULL);
	if (strcmp(argv[0], "dump") || argc > 2) {
		if (strcmp(argv[0], "cdi") || argc > 1) {
			usage(stderr);
			return 2;
		}
	}
	if (!device_read(&dev))
		return no_device();
	if (!strcmp(argv[0], "cdi"))
		return cdi_print(stdout, &dev);
	strftime(name, sizeof(name), "rknpu-%Y%m%d-%H%M%S.dump", localtime(&now));
	return dump_save(&dev, argc == 2 ? argv[1] : name);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "loop", required_argument, NULL, 'l' },
		{ "count", required_argument, NULL, 'n' },
		{ "interval", required_argument, NULL, 'i' },
		{ "list-clients", no_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "prometheus", no_argument, NULL, 'p' },
		{ "colour", required_argument, NULL, 'C' },
		{ "color", required_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	enum format format = SCREEN;
	double interval = INTERVAL_S, loop = 0;
	struct style style = { 0 };
	long count = -1;
	int opt;

	style.unicode = wants_utf8();
	style.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	while ((opt = getopt_long(argc, argv, "l:n:i:cjphV", options, NULL)) != -1) {
		switch (opt) {
		case 'l':
			loop = seconds_of(optarg);
			break;
		case 'n':
			count = (long)seconds_of(optarg);
			break;
		case 'i':
			interval = seconds_of(optarg);
			break;
		case 'c':
			format = LIST;
			break;
		case 'j':
			format = JSON;
			break;
		case 'p':
			format = PROMETHEUS;
			break;
		case 'C':
			if (strcmp(optarg, "auto"))
				style.colour = !strcmp(optarg, "always");
			break;
		case 'V':
			puts("rknpu-smi " SMI_VERSION);
			return 0;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc)
		return command(argc - optind, argv + optind);
	/* Totals need no interval */
	if (format == LIST || format == PROMETHEUS)
		interval = 0;
	return watch(format, interval, loop, count, &style);
}
