// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Reads text from a picture with three networks, each in a context of its own on a core of its own: one finds lines, one
 * detects whether a line is upside down, one reads it. While one line is read, the angle of the next one is determined.
 *
 * usage: ocr DIRECTORY
 *
 * DIRECTORY has picture.ppm, detect.rknn, angle.rknn, read.rknn and characters; the file `text` is written to it: for each
 * line left, top, right, bottom, angle and text, separated by tabs.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "picture.h"
#include "rknn.h"

#define MOST_LINES	64
#define MOST_CHARACTERS	8192
#define TEXT_BYTES	512
#define SURELY		0.9f	/* confidence of the angle network from which a line is turned */

struct network {
	const char *name;
	uint32_t cores;
	rknn_context ctx;
	struct picture in;
	struct rknn_tensor_attr out;
	double ms;		/* time of the last run */
};

struct line {
	struct box box;
	bool turned, angle_known;
	double angle_ms, read_ms;
	float sure;
	char text[TEXT_BYTES];
};

static struct network detect = { .name = "detect", .cores = 1 }, angle = { .name = "angle", .cores = 2 },
		      reading = { .name = "read", .cores = 4 };
static struct picture picture;
static char *characters[MOST_CHARACTERS];	/* of score 1, 2, ... */
static unsigned int known;

static struct line lines[MOST_LINES];
static int count;
/* angle_known of all lines */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t told = PTHREAD_COND_INITIALIZER;

static void check(const struct network *net, const char *what, int ret)
{
	if (ret)
		errx(1, "%s: %s: the runtime's error %d", net->name, what, ret);
}

static void network_open(struct network *net)
{
	struct rknn_tensor_attr in = { 0 };
	char path[64];
	struct stat st;
	void *model;
	int fd;

	snprintf(path, sizeof(path), "%s.rknn", net->name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", path);
	model = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (model == MAP_FAILED)
		err(1, "%s", path);
	close(fd);
	check(net, "rknn_init", rknn_init(&net->ctx, model, st.st_size, 0, NULL));
	check(net, "rknn_set_core_mask", rknn_set_core_mask(net->ctx, net->cores));
	check(net, "input", rknn_query(net->ctx, RKNN_QUERY_INPUT_ATTR, &in, sizeof(in)));
	check(net, "output", rknn_query(net->ctx, RKNN_QUERY_OUTPUT_ATTR, &net->out, sizeof(net->out)));
	/* One picture, rows, columns, channels */
	if (in.n_dims != 4 || in.fmt != RKNN_NHWC || in.dims[3] != CHANNELS)
		errx(1, "%s: wants no picture", net->name);
	net->in = picture_new(in.dims[2], in.dims[1]);
	munmap(model, st.st_size);
}

/* Computes scores from the input; they must be released */
static struct rknn_output network_run(struct network *net)
{
	struct rknn_input in = {
		.buf = net->in.bytes, .size = net->in.width * net->in.height * CHANNELS, .type = RKNN_UINT8, .fmt = RKNN_NHWC,
	};
	struct rknn_output out = { .want_float = 1 };
	struct timespec start, end;

	check(net, "rknn_inputs_set", rknn_inputs_set(net->ctx, 1, &in));
	clock_gettime(CLOCK_MONOTONIC, &start);
	check(net, "rknn_run", rknn_run(net->ctx, NULL));
	clock_gettime(CLOCK_MONOTONIC, &end);
	check(net, "rknn_outputs_get", rknn_outputs_get(net->ctx, 1, &out, NULL));
	net->ms = (end.tv_sec - start.tv_sec) * 1e3 + (end.tv_nsec - start.tv_nsec) / 1e6;
	return out;
}

static void load_characters(void)
{
	FILE *f = fopen("characters", "re");
	size_t room;

	if (!f)
		err(1, "characters");
	for (; known < MOST_CHARACTERS; known++) {
		ssize_t length = getline(&characters[known], &room, f);

		if (length < 1)
			break;
		characters[known][length - 1] = 0;
		room = 0;
	}
	fclose(f);
}

/* ---- interpretation of scores ------------------------------------------------ */

static bool is_turned(const float *scores)
{
	return scores[1] > SURELY && scores[1] > scores[0];
}

/* The best character of each step, skipping blanks and repetitions (connectionist temporal classification) */
static void text_of(const float *scores, unsigned int steps, unsigned int classes, struct line *line)
{
	unsigned int last = 0, kept = 0;
	size_t used = 0;

	for (unsigned int s = 0; s < steps; s++, scores += classes) {
		unsigned int best = 0;

		for (unsigned int c = 1; c < classes; c++)
			best = scores[c] > scores[best] ? c : best;
		if (best && best != last) {
			used += snprintf(line->text + used, sizeof(line->text) - used, "%s", characters[best - 1]);
			if (used >= sizeof(line->text))
				errx(1, "a line is too long");
			line->sure += scores[best];
			kept++;
		}
		last = best;
	}
	line->sure /= kept ? kept : 1;
}

/* ---- the pipeline of the three networks --------------------------------------- */

static void find_lines(void)
{
	struct box all = { 0, 0, picture.width, picture.height }, boxes[MOST_LINES];
	struct rknn_output out;

	if (picture.width != detect.in.width || picture.height != detect.in.height)
		errx(1, "the picture is not %d x %d", detect.in.width, detect.in.height);
	picture_scale(&picture, &all, false, &detect.in);
	out = network_run(&detect);
	count = boxes_find(out.buf, picture.width, picture.height, boxes, MOST_LINES);
	rknn_outputs_release(detect.ctx, 1, &out);
	for (int i = 0; i < count; i++)
		lines[i].box = boxes[i];
}

static void *look_at_angles(void *unused)
{
	(void)unused;
	for (int i = 0; i < count; i++) {
		struct line *line = &lines[i];
		struct rknn_output out;

		picture_scale(&picture, &line->box, false, &angle.in);
		out = network_run(&angle);
		line->turned = is_turned(out.buf);
		line->angle_ms = angle.ms;
		rknn_outputs_release(angle.ctx, 1, &out);
		pthread_mutex_lock(&lock);
		line->angle_known = true;
		pthread_cond_signal(&told);
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

static void read_line(struct line *line)
{
	unsigned int steps = reading.out.dims[1], classes = reading.out.dims[2];
	struct rknn_output out;

	pthread_mutex_lock(&lock);
	while (!line->angle_known)
		pthread_cond_wait(&told, &lock);
	pthread_mutex_unlock(&lock);
	picture_scale(&picture, &line->box, line->turned, &reading.in);
	out = network_run(&reading);
	line->read_ms = reading.ms;
	text_of(out.buf, steps, classes, line);
	rknn_outputs_release(reading.ctx, 1, &out);
}

static void tell(void)
{
	FILE *f = fopen("text", "we");

	if (!f)
		err(1, "text");
	printf("%d lines found in %.1f ms on core 0; their angles on core 1, their text on core 2:\n\n", count, detect.ms);
	for (int i = 0; i < count; i++) {
		const struct line *l = &lines[i];

		printf("  %-24s %5.1f %%  at %3d,%-3d %s  %4.1f + %4.1f ms\n", l->text, 100 * l->sure, l->box.left, l->box.top,
		       l->turned ? "upside down" : "           ", l->angle_ms, l->read_ms);
		fprintf(f, "%d\t%d\t%d\t%d\t%d\t%s\n", l->box.left, l->box.top, l->box.right, l->box.bottom,
			l->turned ? 180 : 0, l->text);
	}
	printf("\n");
	if (fclose(f))
		err(1, "text");
}

int main(int argc, char **argv)
{
	struct network *all[] = { &detect, &angle, &reading };
	pthread_t thread;

	if (argc != 2 || chdir(argv[1]))
		errx(2, "usage: ocr DIRECTORY");
	picture = picture_load("picture.ppm");
	load_characters();
	for (unsigned int i = 0; i < 3; i++)
		network_open(all[i]);
	if (reading.out.n_dims != 3 || reading.out.dims[2] != known + 1 || angle.out.n_elems != 2 ||
	    detect.out.n_elems != (uint32_t)(detect.in.width * detect.in.height))
		errx(1, "other networks than those that this program knows");
	find_lines();
	if (pthread_create(&thread, NULL, look_at_angles, NULL))
		errx(1, "no thread");
	for (int i = 0; i < count; i++)
		read_line(&lines[i]);
	pthread_join(thread, NULL);
	tell();
	for (unsigned int i = 0; i < 3; i++) {
		check(all[i], "rknn_destroy", rknn_destroy(all[i]->ctx));
		picture_free(&all[i]->in);
	}
	return 0;
}
