// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * A convolutional network: five layers of twelve pictures in one submit, every
 * element of every layer compared with the host's reference. Weights, pictures
 * and reference are files, made by digits/ when the tests are built.
 */
#include "lib/soc.h"
#include "lib/testing.h"
#include "digits/files.h"
#include "digits/on_npu.h"

static struct digits_files files;
static struct digits_npu npu;

static void load(void)
{
	ASSERT(!digits_read("digits", &files));
	ASSERT(files.count >= 2 * NPU_CORES);
	ASSERT_RET(digits_npu_init(&npu, npu_open(), &files.net, files.sheet.cells, files.count), 0);
}

/* Elements that differ, in all pictures or in those of one core */
static size_t wrong(uint32_t core_mask, int core)
{
	static struct digits_layers got;
	const char *where;
	size_t all = 0, n;
	unsigned int i;

	for (i = 0; i < npu.count; i++) {
		if (core >= 0 && digits_npu_core(&npu, core_mask, i) != (unsigned int)core)
			continue;
		digits_npu_layers(&npu, i, &got);
		n = digits_differ(&got, &files.reference[i], &where);
		if (n)
			ktap_note("picture %u: %zu elements differ, the first in the %s", i, n, where);
		all += n;
	}
	return all;
}

TEST(each_core_alone)
{
	struct rknpu_submit done;
	int core;

	load();
	for_each_core(core) {
		ASSERT_RET(digits_npu_run(&npu, 1u << core, &done), 0);
		EXPECT_EQ(done.task_counter, DIGITS_LAYERS * npu.count);
		EXPECT_EQ(wrong(1u << core, -1), 0);
	}
}

TEST(all_cores_share_the_pictures)
{
	unsigned int i, shares[NPU_CORES + 1] = { 0 };
	const uint32_t all = soc_get()->cores;
	struct rknpu_submit done;
	int core;

	if (npu_num_cores() < 2)
		SKIP("there is one core only");
	load();
	for (i = 0; i < npu.count; i++)
		shares[digits_npu_core(&npu, all, i)]++;
	ASSERT_RET(digits_npu_run(&npu, all, &done), 0);
	EXPECT_EQ(done.task_counter, DIGITS_LAYERS * npu.count);
	for_each_core(core) {
		EXPECT(shares[core]);
		EXPECT_EQ(wrong(all, core), 0);
	}
}

TEST(any_core)
{
	load();
	ASSERT_RET(digits_npu_run(&npu, 0, NULL), 0);
	EXPECT_EQ(wrong(0, -1), 0);
}

static unsigned int largest(const int8_t *v, size_t count)
{
	size_t best = 0, i;

	for (i = 1; i < count; i++)
		if (v[i] > v[best])
			best = i;
	return best;
}

/* The comparison detects one wrong bit of one weight in every layer, for weights that affect the result */
TEST(a_broken_weight_shows)
{
	const struct digits_layers *l = &files.reference[0];
	unsigned int layer, in[3], out[3];

	load();
	in[0] = 0;
	in[1] = largest(&l->pool1[0][0][0], sizeof(l->pool1)) % DIGITS_MAPS1;
	in[2] = largest(&l->pool2[0][0][0], sizeof(l->pool2));
	out[0] = largest(&l->conv1[0][0][0], sizeof(l->conv1)) % DIGITS_MAPS1;
	out[1] = largest(&l->conv2[0][0][0], sizeof(l->conv2)) % DIGITS_MAPS2;
	out[2] = 0;
	for (layer = 0; layer < 3; layer++) {
		ASSERT_RET(digits_npu_break(&npu, layer, in[layer], out[layer]), 0);
		ASSERT_RET(digits_npu_run(&npu, soc_get()->cores, NULL), 0);
		EXPECT(wrong(0, -1) > 0);
		ASSERT_RET(digits_npu_break(&npu, layer, in[layer], out[layer]), 0);
		ASSERT_RET(digits_npu_run(&npu, soc_get()->cores, NULL), 0);
		EXPECT_EQ(wrong(0, -1), 0);
	}
}

/* The network recognizes the digits that were drawn, so the reference is that of a working network */
TEST(it_reads_the_digits)
{
	static const unsigned int drawn[] = { 3, 1, 4, 9, 5, 0, 2, 6, 7, 8, 2, 4 };
	static struct digits_layers got;
	unsigned int i, order[DIGITS_CLASSES];
	float probability[DIGITS_CLASSES];

	load();
	ASSERT_EQ(npu.count, sizeof(drawn) / sizeof(drawn[0]));
	ASSERT_RET(digits_npu_run(&npu, npu_nth(0), NULL), 0);
	for (i = 0; i < npu.count; i++) {
		digits_npu_layers(&npu, i, &got);
		digits_rank(&files.net, &got, order, probability);
		EXPECT_EQ(order[0], drawn[i]);
	}
	EXPECT(files.net.right * 10 >= files.net.tried * 9);
}
