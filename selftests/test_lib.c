// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Helpers that other tests rely on: number formats and the arithmetic of command
 * streams. Needs no device.
 */
#include <math.h>
#include <string.h>

#include "lib/fp16.h"
#include "lib/ktap.h"
#include "lib/regcmd.h"
#include "lib/soc.h"

TEST(fp16_every_value_survives)
{
	unsigned int h, wrong = 0;

	for (h = 0; h < 0x10000; h++) {
		if ((h & 0x7c00) == 0x7c00 && (h & 0x3ff))
			wrong += !isnan(fp16_to_double(h));
		else
			wrong += fp16_from_fp32(fp16_to_double(h)) != h;
	}
	EXPECT_EQ(wrong, 0);
}

TEST(fp16_rounds_to_nearest_even)
{
	static const struct { float f; uint16_t h; } t[] = {
		{ 1.0f, 0x3c00 }, { -2.0f, 0xc000 }, { 65504.0f, 0x7bff }, { 65519.0f, 0x7bff },
		{ 65520.0f, 0x7c00 }, { INFINITY, 0x7c00 }, { 2049.0f, 0x6800 }, { 2051.0f, 0x6802 },
		{ 0x1p-24f, 0x0001 }, { 0x1p-25f, 0x0000 }, { 0x1.8p-25f, 0x0001 }, { 0x1.8p-24f, 0x0002 },
		{ 0x1p-14f, 0x0400 }, { 0x1.ff8p-15f, 0x03ff }, { 0x1.ffcp-15f, 0x0400 }, { 0x1p-40f, 0 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		EXPECT_EQ(fp16_from_fp32(t[i].f), t[i].h);
}

TEST(amounts_of_captured_chains)
{
	static const unsigned int words[] = { 108, 17, 13, 12 }, scale2[] = { 55, 10, 8, 7 },
				  scale1[] = { 111, 20, 16, 15 };
	unsigned int i;

	for (i = 0; i < 4; i++) {
		EXPECT_EQ(RKNPU_PC_AMOUNT(words[i], 2), scale2[i]);
		EXPECT_EQ(RKNPU_PC_AMOUNT(words[i], 1), scale1[i]);
	}
}

TEST(tail_of_a_captured_segment)
{
	uint64_t words[RKNPU_REGCMD_TAIL_WORDS];
	struct regcmd rc = { .words = words, .max = RKNPU_REGCMD_TAIL_WORDS };

	regcmd_tail(&rc, 0xfff90340, 108, 0xd);
	ASSERT_EQ(rc.count, RKNPU_REGCMD_TAIL_WORDS);
	EXPECT_EQ(words[0], 0x0101fff903400010);
	/* The capture is of an RK3588 */
	if (soc_get()->scale == 2)
		EXPECT_EQ(words[1], 0x0101000000370014);
	EXPECT_EQ(words[2] >> 48, 0x0041);
	EXPECT_EQ(words[3], 0x00810000000d0008);
	rc.count = 0;
	regcmd_tail(&rc, 0, 0, 0xd);
	EXPECT_EQ(words[0], 0);
	EXPECT_EQ(words[1], 0x0101000000000014);
}
