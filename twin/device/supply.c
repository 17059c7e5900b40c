// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the two supplies. Boards have them behind I2C or SPI; the simplest that the kernel's
 * drivers handle is a pulse width modulator of RK3588 (pwm-rockchip, pwm-regulator), whose
 * duty sets the voltage. Channel 0: units, channel 1: their memories.
 */
#include <string.h>

#include "priv.h"

#define PWM_ADDR	0xfd8b0000
#define PERIOD		1
#define DUTY		2
#define CTRL		3
#define CTRL_ENABLE	(1u << 0)
#define CTRL_POSITIVE	(1u << 3)
#define CTRL_LOCK	(1u << 6)

/* What no duty and full duty give; twin/dts/twin-rk3588-island.dtso says the same */
#define MIN_UV		550000u
#define MAX_UV		950000u
/* As the boot loader leaves it: 800 mV [seen: rockchip-npu-notes] */
#define BOOT_PERIOD	4000u
#define BOOT_DUTY	2500u

static void settle(struct twin *twin, struct twin_pwm *pwm)
{
	uint64_t range = MAX_UV - MIN_UV;
	uint32_t before = pwm->uv;

	if (pwm->reg[CTRL] & CTRL_LOCK)
		return;
	if (!(pwm->reg[CTRL] & CTRL_ENABLE) || !pwm->reg[PERIOD])
		pwm->uv = 0;
	else
		pwm->uv = MIN_UV + range * pwm->reg[DUTY] / pwm->reg[PERIOD];
	/* One that goes up mends what is wrong. */
	if (pwm->uv < before)
		twin_island_check_voltage(twin, twin->island.rate_hz, "supply");
}

uint32_t twin_pwm_read(struct twin *twin, uint64_t addr, unsigned int bytes)
{
	uint32_t word = (addr - PWM_ADDR) / 4;

	if (!twin_access_is_word(twin, TWIN_NO_CORE, addr, bytes))
		return 0;
	return twin->island.pwm[word / TWIN_PWM_WORDS].reg[word % TWIN_PWM_WORDS];
}

void twin_pwm_write(struct twin *twin, uint64_t addr, uint32_t value, unsigned int bytes)
{
	uint32_t word = (addr - PWM_ADDR) / 4;
	struct twin_pwm *pwm = &twin->island.pwm[word / TWIN_PWM_WORDS];

	if (!twin_access_is_word(twin, TWIN_NO_CORE, addr, bytes))
		return;
	pwm->reg[word % TWIN_PWM_WORDS] = value;
	/* Period and duty are taken over together, by the write that unlocks */
	if (word % TWIN_PWM_WORDS == CTRL)
		settle(twin, pwm);
}

void twin_pwm_power_on(struct twin *twin)
{
	unsigned int i;

	for (i = 0; i < TWIN_PWM_CHANNELS; i++) {
		struct twin_pwm *pwm = &twin->island.pwm[i];

		memset(pwm, 0, sizeof(*pwm));
		pwm->reg[PERIOD] = BOOT_PERIOD;
		pwm->reg[DUTY] = BOOT_DUTY;
		pwm->reg[CTRL] = CTRL_ENABLE | 1u << 1 | CTRL_POSITIVE;
		settle(twin, pwm);
	}
}
