// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the temperature sensors of RK3588 (TSADC). All channels read the temperature set in
 * the control page; other registers keep the values written to them, and no alarm is ever
 * raised. Codes from the kernel's rockchip_thermal.c.
 */
#include "priv.h"

#define TSADC_ADDR	0xfec00000
#define DATA		0x2c
#define DATA_END	(DATA + 7 * 4)

/* Codes and millidegrees; linear in between */
static const struct {
	int32_t code;
	int32_t millidegrees;
} points[] = {
	{ 215, -40000 }, { 285, 25000 }, { 350, 85000 }, { 395, 125000 },
};

#define POINTS	(sizeof(points) / sizeof(points[0]))

static uint32_t code_of(int32_t millidegrees)
{
	unsigned int i = 1;

	while (i < POINTS - 1 && millidegrees > points[i].millidegrees)
		i++;
	return points[i - 1].code + (points[i].code - points[i - 1].code) *
	       (millidegrees - points[i - 1].millidegrees) / (points[i].millidegrees - points[i - 1].millidegrees);
}

uint32_t twin_tsadc_read(struct twin *twin, uint64_t addr, unsigned int bytes)
{
	uint32_t offset = addr - TSADC_ADDR;

	if (!twin_access_is_word(twin, TWIN_NO_CORE, addr, bytes))
		return 0;
	if (offset >= DATA && offset < DATA_END)
		return code_of(twin->island.millidegrees);
	return twin->island.tsadc[offset / 4];
}

void twin_tsadc_write(struct twin *twin, uint64_t addr, uint32_t value, unsigned int bytes)
{
	if (twin_access_is_word(twin, TWIN_NO_CORE, addr, bytes))
		twin->island.tsadc[(addr - TSADC_ADDR) / 4] = value;
}
