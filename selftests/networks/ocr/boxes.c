// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * From the detector's map to boxes: with "differentiable binarization" (Liao et al., 2020) the network marks the core of each
 * line, shrunk so that lines do not touch. Here connected pixels become a box, which is enlarged again. The thresholds are
 * those of the networks' authors.
 */
#include <err.h>
#include <stdlib.h>

#include "picture.h"

#define IN_CORE		0.3f	/* a pixel that is more likely than this is in a core */
#define IN_LINE		0.5f	/* the mean of a core that is one */
#define GROWTH		1.6f
#define LEAST		3	/* pixels, in both directions */

struct core {
	struct box box;
	double sum;
	int pixels;
};

static void take(struct core *core, int x, int y, float likely)
{
	struct box *b = &core->box;

	b->left = x < b->left ? x : b->left;
	b->top = y < b->top ? y : b->top;
	b->right = x >= b->right ? x + 1 : b->right;
	b->bottom = y >= b->bottom ? y + 1 : b->bottom;
	core->sum += likely;
	core->pixels++;
}

/* All pixels connected to @start, also by corners; @seen marks visited pixels. @stack has room for all pixels. */
static struct core follow(const float *map, int width, int height, int start, bool *seen, int *stack)
{
	struct core core = { .box = { width, height, 0, 0 } };
	int depth = 0;

	seen[start] = true;
	stack[depth++] = start;
	while (depth) {
		int at = stack[--depth], x = at % width, y = at / width;

		take(&core, x, y, map[at]);
		for (int dy = -1; dy <= 1; dy++)
			for (int dx = -1; dx <= 1; dx++) {
				int next = at + dy * width + dx;

				if (x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height || seen[next] ||
				    map[next] <= IN_CORE)
					continue;
				seen[next] = true;
				stack[depth++] = next;
			}
	}
	return core;
}

static struct box grown(const struct box *b, int width, int height)
{
	int w = b->right - b->left, h = b->bottom - b->top;
	int by = (int)(GROWTH * w * h / (2 * (w + h)) + 0.5f);

	return (struct box){
		b->left > by ? b->left - by : 0, b->top > by ? b->top - by : 0,
		b->right + by < width ? b->right + by : width, b->bottom + by < height ? b->bottom + by : height,
	};
}

/* Line by line; two boxes are on the same line if their centres are less than half a height apart */
static bool before(const struct box *a, const struct box *b)
{
	int apart = a->top + a->bottom - b->top - b->bottom;

	if (abs(apart) < (a->bottom - a->top + b->bottom - b->top) / 2)
		return a->left < b->left;
	return apart < 0;
}

/* There are few boxes, and the order is not transitive, so qsort() cannot be used */
static void enter(struct box *boxes, int count, struct box box)
{
	for (; count && before(&box, &boxes[count - 1]); count--)
		boxes[count] = boxes[count - 1];
	boxes[count] = box;
}

int boxes_find(const float *map, int width, int height, struct box *boxes, int most)
{
	int pixels = width * height, count = 0;
	bool *seen = calloc(pixels, sizeof(*seen));
	int *stack = malloc(pixels * sizeof(*stack));

	if (!seen || !stack)
		err(1, "boxes");
	for (int i = 0; i < pixels && count < most; i++) {
		struct core core;

		if (seen[i] || map[i] <= IN_CORE)
			continue;
		core = follow(map, width, height, i, seen, stack);
		if (core.box.right - core.box.left >= LEAST && core.box.bottom - core.box.top >= LEAST &&
		    core.sum / core.pixels >= IN_LINE)
			enter(boxes, count++, grown(&core.box, width, height));
	}
	free(seen);
	free(stack);
	return count;
}
