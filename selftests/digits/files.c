// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 */
#include "files.h"

#include <math.h>
#include <stdio.h>

static int read_part(const char *dir, const char *name, void *data, size_t size)
{
	char path[256];
	FILE *f;
	int ret;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "rb");
	ret = f && fread(data, size, 1, f) == 1 ? 0 : -1;
	if (ret)
		fprintf(stderr, "%s: cannot be read, or is too short\n", path);
	if (f)
		fclose(f);
	return ret;
}

int digits_read(const char *dir, struct digits_files *f)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/digits.pgm", dir);
	if (read_part(dir, "digits.net", &f->net, sizeof(f->net)) || pgm_read(path, &f->sheet))
		return -1;
	if (f->net.magic != DIGITS_MAGIC) {
		fprintf(stderr, "%s/digits.net: another kind of file\n", dir);
		return -1;
	}
	f->count = f->sheet.columns * f->sheet.rows;
	return read_part(dir, "digits.ref", f->reference, f->count * sizeof(f->reference[0]));
}

static size_t layer_differs(const void *a, const void *b, size_t count, size_t bytes)
{
	const unsigned char *x = a, *y = b;
	size_t differ = 0, i, k;

	for (i = 0; i < count; i++) {
		for (k = 0; k < bytes && x[i * bytes + k] == y[i * bytes + k]; k++)
			;
		differ += k < bytes;
	}
	return differ;
}

size_t digits_differ(const struct digits_layers *a, const struct digits_layers *b, const char **where)
{
	const struct {
		const char *name;
		const void *a, *b;
		size_t count, bytes;
	} layers[] = {
		{ "first convolution", a->conv1, b->conv1, sizeof(a->conv1), 1 },
		{ "first pooling", a->pool1, b->pool1, sizeof(a->pool1), 1 },
		{ "second convolution", a->conv2, b->conv2, sizeof(a->conv2), 1 },
		{ "second pooling", a->pool2, b->pool2, sizeof(a->pool2), 1 },
		{ "matrix product", a->sums, b->sums, DIGITS_CLASSES, sizeof(a->sums[0]) },
	};
	size_t differ = 0, n, i;

	*where = NULL;
	for (i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
		n = layer_differs(layers[i].a, layers[i].b, layers[i].count, layers[i].bytes);
		if (n && !*where)
			*where = layers[i].name;
		differ += n;
	}
	return differ;
}

void digits_rank(const struct digits_net *net, const struct digits_layers *l, unsigned int order[DIGITS_CLASSES],
		 float probability[DIGITS_CLASSES])
{
	float total = 0;
	unsigned int i, k;

	for (i = 0; i < DIGITS_CLASSES; i++) {
		for (k = i; k > 0 && l->sums[order[k - 1]] < l->sums[i]; k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
	for (i = 0; i < DIGITS_CLASSES; i++)
		total += probability[i] = expf(net->logit * (float)(l->sums[i] - l->sums[order[0]]));
	for (i = 0; i < DIGITS_CLASSES; i++)
		probability[i] /= total;
}
