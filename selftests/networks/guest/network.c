// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 */
#define _GNU_SOURCE
#include "network.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ktap.h"

#define NETWORKS_DIR	"/networks"

/* Tolerances. Up to three layers: the number of quantization steps, or this part of the tensor's range ... */
#define STEPS_USUAL	1
#define STEPS_EVER	2
#define SHARE_USUAL	0.999
#define RANGE_PART	2e-3
/* ... and for more layers, where the effect of one step grows, the cosine of the angle between both. */
#define SIMILARITY	0.999
/* ... or not less similar than the simulator itself is to onnxruntime, but at least this. */
#define SIMILARITY_LEAST	0.995
/* The cosine does not detect a factor. */
#define LENGTH_PART	0.05

static bool load(struct network_data *d, const char *name, const char *file, int index)
{
	char path[512];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), NETWORKS_DIR "/%s/%s", name, file);
	if (index >= 0)
		snprintf(path, sizeof(path), NETWORKS_DIR "/%s/%s%d.f32", name, file, index);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return false;
	d->bytes = st.st_size;
	/* Private and writable: the runtime may write to this buffer. */
	d->data = mmap(NULL, d->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	return d->data != MAP_FAILED;
}

const char *network_not_compiled(const char *name)
{
	static struct network_data why;

	return load(&why, name, "refused", -1) ? strndup(why.data, why.bytes) : NULL;
}

void network_load(struct network *net, const char *name)
{
	struct network_data flag;

	memset(net, 0, sizeof(*net));
	net->name = name;
	net->deep = load(&flag, name, "deep", -1);
	if (!load(&net->layers, name, "layers", -1))
		net->layers = (struct network_data){ 0 };
	ASSERT(load(&net->model, name, "model.rknn", -1));
	while (net->inputs < NETWORK_TENSORS && load(&net->in[net->inputs], name, "in", net->inputs))
		net->inputs++;
	while (net->outputs < NETWORK_TENSORS && load(&net->sim[net->outputs], name, "sim", net->outputs) &&
	       load(&net->ort[net->outputs], name, "ort", net->outputs)) {
		load(&net->tab[net->outputs], name, "tab", net->outputs);
		net->outputs++;
	}
	ASSERT(net->inputs && net->outputs);
}

int network_inputs_set(const struct network *net, rknn_context ctx)
{
	struct rknn_input in[NETWORK_TENSORS] = { 0 };
	unsigned int i;

	for (i = 0; i < net->inputs; i++) {
		in[i].index = i;
		in[i].buf = net->in[i].data;
		in[i].size = net->in[i].bytes;
		in[i].type = RKNN_FLOAT32;
		in[i].fmt = RKNN_NHWC;
	}
	return rknn_inputs_set(ctx, net->inputs, in);
}

int network_outputs_get(const struct network *net, rknn_context ctx, struct rknn_output *out)
{
	unsigned int i;

	for (i = 0; i < net->outputs; i++)
		out[i] = (struct rknn_output){ .want_float = 1, .index = i };
	return rknn_outputs_get(ctx, net->outputs, out, NULL);
}

/* How two tensors differ */
struct difference {
	size_t beyond, wild;		/* elements that differ by more than one step; NaN or infinite in only one */
	double worst, span;		/* the largest difference; the second tensor's range, including zero */
	double cosine, length;		/* the angle between both, and the ratio of the first one's length to the second's */
	size_t at, top, top_want;	/* position of the largest difference; the largest element of each */
};

static struct difference compare(const float *got, const float *want, size_t count, double step)
{
	double dot = 0, a = 0, b = 0, low = 0, high = 0;
	struct difference d = { 0 };
	size_t i;

	for (i = 0; i < count; i++) {
		double distance = fabs((double)got[i] - want[i]);

		if (got[i] == want[i])
			distance = 0;
		if (!isfinite(distance)) {
			d.at = d.wild++ ? d.at : i;
			continue;
		}
		if (distance > d.worst) {
			d.worst = distance;
			if (!d.wild)
				d.at = i;
		}
		d.beyond += distance > (STEPS_USUAL + 0.5) * step;
		if (!isfinite(want[i]))
			continue;
		low = fmin(low, want[i]);
		high = fmax(high, want[i]);
		dot += (double)got[i] * want[i];
		a += (double)got[i] * got[i];
		b += (double)want[i] * want[i];
		d.top = got[i] > got[d.top] ? i : d.top;
		d.top_want = want[i] > want[d.top_want] ? i : d.top_want;
	}
	d.span = fmax(high - low, 1e-6);
	d.cosine = a && b ? dot / sqrt(a * b) : a == b;
	d.length = a && b ? sqrt(a / b) : 1;
	return d;
}

/* Returns true if the output is a list of classes, of which the best one counts */
static bool classes(const struct rknn_tensor_attr *attr)
{
	return attr->n_dims == 2 && attr->dims[0] == 1;
}

/* Finds the name of the layer of an output, which is a line of @names */
static int layer_name(const struct network_data *names, unsigned int output, const char **name)
{
	const char *at = names->data, *end = at + names->bytes, *line_end;

	while (output-- && at < end)
		at = (const char *)memchr(at, '\n', end - at) + 1;
	line_end = at < end ? memchr(at, '\n', end - at) : NULL;
	*name = at;
	return line_end ? (int)(line_end - at) : 0;
}

__attribute__((format(printf, 2, 3)))
static void wrong(const struct rknn_tensor_attr *attr, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ktap_fail(__FILE__, __LINE__, "output %u (%s): %s", attr->index, attr->name, text);
}

static bool judge_deep(const struct network *net, const struct rknn_tensor_attr *attr, const float *got, const float *sim,
		       double step)
{
	struct difference d = compare(got, sim, attr->n_elems, step);
	struct difference own = compare(sim, net->ort[attr->index].data, attr->n_elems, step);
	double least = fmin(SIMILARITY, fmax(own.cosine, SIMILARITY_LEAST));

	if (d.cosine < SIMILARITY && d.cosine >= least)
		ktap_note("output %u (%s): similar to the simulator's by %.5f, which is to onnxruntime's by %.5f only",
			  attr->index, attr->name, d.cosine, own.cosine);
	if (d.cosine < least) {
		wrong(attr, "similar to the simulator's by %.5f only; worst at %zu: %g, not %g", d.cosine, d.at, got[d.at],
		      sim[d.at]);
		return false;
	}
	if (fabs(d.length - 1) > LENGTH_PART) {
		wrong(attr, "%.3f times the simulator's; worst at %zu: %g, not %g", d.length, d.at, got[d.at], sim[d.at]);
		return false;
	}
	/* Two classes that differ by less than a step in the simulator may be swapped. */
	if (classes(attr) && d.top != d.top_want && sim[d.top_want] - sim[d.top] > fmax(step, RANGE_PART * d.span)) {
		wrong(attr, "class %zu, not %zu", d.top, d.top_want);
		return false;
	}
	return true;
}

static bool judge_steps(const struct rknn_tensor_attr *attr, const float *got, const float *sim)
{
	struct difference d = compare(got, sim, attr->n_elems, attr->scale);

	if (d.beyond <= (1 - SHARE_USUAL) * attr->n_elems && d.worst < (STEPS_EVER + 0.5) * attr->scale)
		return true;
	wrong(attr, "%zu of %u elements more than a step from the simulator's; worst at %zu: %g, not %g, %.0f steps", d.beyond,
	      attr->n_elems, d.at, got[d.at], sim[d.at], d.worst / attr->scale);
	return false;
}

/*
 * The simulator does not consider the end of the compiler's tables. The network computed with these tables is an equally
 * valid reference, with the same tolerance.
 */
static bool judge_range(const struct network *net, const struct rknn_tensor_attr *attr, const float *got, const float *sim)
{
	const float *ort = net->ort[attr->index].data, *tab = net->tab[attr->index].data;
	struct difference d = compare(got, sim, attr->n_elems, 0), own = compare(sim, ort, attr->n_elems, 0);

	if (d.worst <= fmax(RANGE_PART * d.span, own.worst))
		return true;
	if (tab) {
		struct difference limited = compare(got, tab, attr->n_elems, 0), end = compare(ort, tab, attr->n_elems, 0);

		ktap_note("output %u: %.4f of the range from the simulator's, %.4f from the table's (whose end is worth %.4f)",
			  attr->index, d.worst / d.span, limited.worst / d.span, end.worst / d.span);
		if (!limited.wild && limited.worst <= RANGE_PART * limited.span)
			return true;
	}
	wrong(attr, "%.4f of the range from the simulator's (which is %.4f from onnxruntime's) at %zu: %g, not %g",
	      d.worst / d.span, own.worst / d.span, d.at, got[d.at], sim[d.at]);
	return false;
}

static bool judge_one(const struct network *net, const struct rknn_tensor_attr *attr, const float *got)
{
	const float *sim = net->sim[attr->index].data;
	bool stepped = attr->type == RKNN_INT8 && attr->qnt_type == RKNN_QNT_AFFINE;
	struct difference d = compare(got, sim, attr->n_elems, 0);

	if (d.wild) {
		wrong(attr, "%zu elements not finite on one side; at %zu: %g, not %g", d.wild, d.at, got[d.at], sim[d.at]);
		return false;
	}
	if (net->deep)
		return judge_deep(net, attr, got, sim, stepped ? attr->scale : 0);
	return stepped ? judge_steps(attr, got, sim) : judge_range(net, attr, got, sim);
}

/* If every layer is an output: a wrong layer makes the later ones wrong, so only the first one is reported */
static bool judge_layer(const struct network *net, const struct rknn_tensor_attr *attr, const float *got)
{
	const char *name;
	int length = layer_name(&net->layers, attr->index, &name);

	if (judge_one(net, attr, got))
		return true;
	ktap_note("layer %.*s is the first of %u to leave the path", length, name, net->outputs);
	return false;
}

bool network_judge(const struct network *net, rknn_context ctx, const struct rknn_output *out)
{
	bool right = true;
	unsigned int i;

	for (i = 0; i < net->outputs && (right || !net->layers.data); i++) {
		struct rknn_tensor_attr attr = { .index = i };

		ASSERT_EQ(rknn_query(ctx, RKNN_QUERY_OUTPUT_ATTR, &attr, sizeof(attr)), 0);
		if (!EXPECT_EQ(attr.n_elems * sizeof(float), net->sim[i].bytes) || !EXPECT_EQ(out[i].size, net->sim[i].bytes))
			return false;
		right &= net->layers.data ? judge_layer(net, &attr, out[i].buf) : judge_one(net, &attr, out[i].buf);
	}
	return right;
}

int network_run(const struct network *net, rknn_context ctx)
{
	struct rknn_output out[NETWORK_TENSORS];
	int ret = network_inputs_set(net, ctx);
	bool right;

	if (!ret)
		ret = rknn_run(ctx, NULL);
	if (!ret)
		ret = network_outputs_get(net, ctx, out);
	if (ret)
		return ret;
	right = network_judge(net, ctx, out);
	rknn_outputs_release(ctx, net->outputs, out);
	return !right;
}

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

void network_cases(void (*run)(void), unsigned int limit_s)
{
	struct dirent **names;
	int i, count = scandir("/networks", &names, visible, alphasort);

	for (i = 0; i < count; i++) {
		struct ktap_case *c = calloc(1, sizeof(*c));

		c->name = strdup(names[i]->d_name);
		c->run = run;
		c->limit_s = limit_s;
		c->line = i;
		ktap_register(c);
	}
}
