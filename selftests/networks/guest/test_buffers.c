// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * The runtime's memory interface: input and output without a copy, in memory of the runtime, of other drivers and of the
 * process; weights and intermediate results in memory provided by the program. Every result is compared.
 */
#define _GNU_SOURCE
#include <string.h>

#include "driver.h"
#include "foreign.h"
#include "testing.h"
#include "zero_copy.h"

#define RUNS	4

static const char *const names[] = { "seq_residual.int8", "seq_bottleneck.fp16", "conv_3ch.int8", "mul.fp16" };

static rknn_context start(struct network *net, const char *name, uint32_t flags)
{
	rknn_context ctx = 0;

	network_load(net, name);
	ASSERT_EQ(rknn_init(&ctx, net->model.data, net->model.bytes, flags, NULL), 0);
	return ctx;
}

static void without_copy(const enum foreign_kind *kind)
{
	unsigned int i, run;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		struct zero_copy z;
		struct network net;
		rknn_context ctx = start(&net, names[i], 0);

		zero_copy_init(&z, &net, ctx, kind);
		for (run = 0; run < RUNS; run++) {
			zero_copy_fill(&z);
			ASSERT_EQ(rknn_run(ctx, NULL), 0);
			if (!EXPECT(zero_copy_judge(&z)))
				ktap_note("of %s", names[i]);
		}
		zero_copy_fini(&z);
		EXPECT_EQ(rknn_destroy(ctx), 0);
	}
}

TEST_LIMIT(own_memory, 60)
{
	without_copy(NULL);
}

TEST_LIMIT(memory_of_a_process, 60)
{
	static const enum foreign_kind kind = FOREIGN_UDMABUF;

	without_copy(&kind);
}

TEST_LIMIT(memory_of_another_driver, 60)
{
	static const enum foreign_kind kind = FOREIGN_VGEM;

	without_copy(&kind);
}

TEST_LIMIT(memory_of_a_heap, 60)
{
	static const enum foreign_kind kind = FOREIGN_HEAP;

	without_copy(&kind);
}

/* What the NPU and the CPU see differs until somebody synchronizes it: the runtime does not, so the driver has to */
TEST_LIMIT(memory_behind_a_cache, 60)
{
	static const enum foreign_kind kind = FOREIGN_CACHED;

	without_copy(&kind);
}

TEST_LIMIT(memory_behind_a_cache_that_the_driver_leaves_alone, 60)
{
	static const enum foreign_kind kind = FOREIGN_CACHED;
	struct zero_copy z;
	struct network net;
	rknn_context ctx = start(&net, names[0], 0);
	const uint8_t *out;

	zero_copy_init(&z, &net, ctx, &kind);
	zero_copy_fill(&z);
	if (driver_set_param("sync_imports", "N"))
		SKIP("may not set the driver's parameters");
	ASSERT_EQ(rknn_run(ctx, NULL), 0);
	ASSERT_RET(driver_set_param("sync_imports", "Y"), 0);
	/* Not a byte of the result has arrived, and there is no error */
	out = z.out[0]->virt_addr;
	EXPECT_EQ(memcmp(out, out + 1, z.out[0]->size - 1), 0);
	zero_copy_fill(&z);
	ASSERT_EQ(rknn_run(ctx, NULL), 0);
	EXPECT(zero_copy_judge(&z));
	zero_copy_fini(&z);
	EXPECT_EQ(rknn_destroy(ctx), 0);
}

/* Several buffers in one descriptor */
TEST_LIMIT(part_of_a_descriptor, 60)
{
	struct rknn_tensor_mem *whole, *in;
	struct zero_copy z;
	struct network net;
	rknn_context ctx = start(&net, names[0], 0);
	unsigned int run;

	zero_copy_init(&z, &net, ctx, NULL);
	whole = rknn_create_mem(ctx, z.in[0]->size + 8192);
	ASSERT(whole);
	in = rknn_create_mem_from_fd(ctx, whole->fd, whole->virt_addr, z.in[0]->size, 4096);
	ASSERT(in);
	/* According to the documentation, the address does not include the offset */
	ASSERT_EQ(rknn_set_io_mem(ctx, in, &z.in_attr[0]), 0);
	for (run = 0; run < RUNS; run++) {
		zero_copy_fill(&z);
		memcpy((char *)whole->virt_addr + 4096, z.in[0]->virt_addr, z.in[0]->size);
		memset(z.in[0]->virt_addr, 0x77, z.in[0]->size);
		ASSERT_EQ(rknn_run(ctx, NULL), 0);
		EXPECT(zero_copy_judge(&z));
	}
	EXPECT_EQ(rknn_destroy_mem(ctx, in), 0);
	EXPECT_EQ(rknn_destroy_mem(ctx, whole), 0);
	zero_copy_fini(&z);
	EXPECT_EQ(rknn_destroy(ctx), 0);
}

TEST_LIMIT(weights_and_intermediates_from_outside, 60)
{
	struct rknn_tensor_mem *weights, *internal;
	struct rknn_mem_size size;
	struct zero_copy z;
	struct network net;
	rknn_context ctx = start(&net, names[0], RKNN_FLAG_MEM_ALLOC_OUTSIDE);
	unsigned int run;

	ASSERT_EQ(rknn_query(ctx, RKNN_QUERY_MEM_SIZE, &size, sizeof(size)), 0);
	weights = rknn_create_mem(ctx, size.weights);
	internal = rknn_create_mem(ctx, size.internal);
	ASSERT(weights && internal);
	ASSERT_EQ(rknn_set_weight_mem(ctx, weights), 0);
	ASSERT_EQ(rknn_set_internal_mem(ctx, internal), 0);
	zero_copy_init(&z, &net, ctx, NULL);
	for (run = 0; run < RUNS; run++) {
		zero_copy_fill(&z);
		ASSERT_EQ(rknn_run(ctx, NULL), 0);
		EXPECT(zero_copy_judge(&z));
	}
	zero_copy_fini(&z);
	EXPECT_EQ(rknn_destroy_mem(ctx, internal), 0);
	EXPECT_EQ(rknn_destroy_mem(ctx, weights), 0);
	EXPECT_EQ(rknn_destroy(ctx), 0);
}

/* Two networks that run one after the other keep their intermediate results in the same place */
TEST_LIMIT(two_networks_in_one_internal_memory, 60)
{
	struct rknn_tensor_mem *internal, *mine[2];
	struct rknn_mem_size size[2];
	struct network net[2];
	rknn_context ctx[2];
	uint32_t bytes = 0;
	unsigned int i, run;

	for (i = 0; i < 2; i++) {
		ctx[i] = start(&net[i], names[i], RKNN_FLAG_INTERNAL_ALLOC_OUTSIDE);
		ASSERT_EQ(rknn_query(ctx[i], RKNN_QUERY_MEM_SIZE, &size[i], sizeof(size[i])), 0);
		bytes = size[i].internal > bytes ? size[i].internal : bytes;
	}
	internal = rknn_create_mem(ctx[0], bytes);
	ASSERT(internal);
	for (i = 0; i < 2; i++) {
		mine[i] = rknn_create_mem_from_fd(ctx[i], internal->fd, internal->virt_addr, size[i].internal, 0);
		ASSERT(mine[i]);
		ASSERT_EQ(rknn_set_internal_mem(ctx[i], mine[i]), 0);
	}
	for (run = 0; run < 2 * RUNS; run++)
		EXPECT_EQ(network_run(&net[run % 2], ctx[run % 2]), 0);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(rknn_destroy_mem(ctx[i], mine[i]), 0);
	EXPECT_EQ(rknn_destroy_mem(ctx[0], internal), 0);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(rknn_destroy(ctx[i]), 0);
}

/* The run waits for another driver, the caller for the run */
TEST_LIMIT(fence_of_another_driver, 60)
{
	struct zero_copy z;
	struct network net;
	rknn_context ctx = start(&net, names[0], RKNN_FLAG_FENCE_IN_OUTSIDE | RKNN_FLAG_FENCE_OUT_OUTSIDE);
	unsigned int run;

	zero_copy_init(&z, &net, ctx, NULL);
	for (run = 0; run < RUNS; run++) {
		struct rknn_run_extend extend = { .non_block = 1, .timeout_ms = 5000 };
		struct foreign other;

		foreign_init(&other);
		extend.fence_fd = other.fence;
		memset(z.in[0]->virt_addr, 0x11, z.in[0]->size);
		ASSERT_EQ(rknn_run(ctx, &extend), 0);
		/* If the run does not wait, this is too late */
		ktap_sleep_ms(20);
		zero_copy_fill(&z);
		foreign_signal(&other);
		ASSERT_EQ(rknn_wait(ctx, &extend), 0);
		EXPECT(zero_copy_judge(&z));
	}
	zero_copy_fini(&z);
	EXPECT_EQ(rknn_destroy(ctx), 0);
}
