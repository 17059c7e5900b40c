// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Compressed weights through the driver: the results are the same as with dense ones.
 */
#include "lib/dcomp.h"
#include "lib/testing.h"

static const struct {
	unsigned int m, k, n, tile;
} shapes[] = {
	{ 1, 32, 32, 0 }, { 5, 64, 96, 0 }, { 40, 256, 64, 4 }, { 12, 128, 256, 8 },
};

/* Number of different weights: from one, which needs hardly any bits, to all, which need more than dense ones */
static const unsigned int levels[] = { 1, 2, 3, 20, 0 };

TEST(compressed_like_dense)
{
	unsigned int i, l;
	int fd = npu_open();

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		for (l = 0; l < ARRAY_SIZE(levels); l++) {
			struct matmul mm;

			ASSERT_RET(matmul_init(&mm, fd, MATMUL_INT8_INT32, shapes[i].m, shapes[i].k, shapes[i].n,
					       shapes[i].tile, MATMUL_EXACT, 131 + i), 0);
			ASSERT_RET(matmul_compress(&mm, levels[l]), 0);
			EXPECT_CORRECT(&mm, npu_nth(i + l));
			matmul_fini(&mm);
		}
	}
}

/* The registers for compression persist: dense weights follow compressed ones, and the other way round */
TEST(compressed_and_dense_in_turn)
{
	struct matmul compressed, dense;
	int fd = npu_open(), core, i;

	ASSERT_RET(matmul_init(&compressed, fd, MATMUL_INT8_INT32, 8, 64, 32, 0, MATMUL_EXACT, 141), 0);
	ASSERT_RET(matmul_compress(&compressed, 9), 0);
	small_matmul(&dense, fd, 142);
	for (i = 0; i < 3; i++) {
		for_each_core(core) {
			EXPECT_CORRECT(&compressed, 1u << core);
			EXPECT_CORRECT(&dense, 1u << core);
		}
	}
}

/* A kernel with few different weights takes much less memory */
TEST(compressed_is_smaller)
{
	struct matmul mm;
	uint64_t dense;

	ASSERT_RET(matmul_init(&mm, npu_open(), MATMUL_INT8_INT32, 4, 256, 256, 0, MATMUL_EXACT, 143), 0);
	dense = mm.weights.size;
	ASSERT_RET(matmul_compress(&mm, 2), 0);
	EXPECT(mm.weights.size * 3 < dense * 2);
	EXPECT_CORRECT(&mm, 0);
}
