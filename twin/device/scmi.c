// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the firmware that has the compute clock, as far as the kernel asks it: Arm's System
 * Control and Management Interface (DEN0056), base and clock protocol, over shared
 * memory with a doorbell (arm,mhu) where a board has an SMC. It answers at once.
 *
 * Versions are those of RK3588's TF-A. What makes that hang, a call for
 * more than the parked rate without the power domain, is a guest error.
 */
#include <string.h>

#include "priv.h"

#define SHMEM_ADDR		0x0010f000
#define SHMEM_STATUS		0x04
#define SHMEM_STATUS_FREE	1u
#define SHMEM_FLAGS		0x10
#define SHMEM_FLAGS_INTERRUPT	1u
#define SHMEM_LENGTH		0x14
#define SHMEM_HEADER		0x18
#define SHMEM_PAYLOAD		0x1c

/* Low priority channel; the guest rings at TX, the firmware at RX */
#define MHU_RX_STATUS		0x000
#define MHU_RX_CLEAR		0x010
#define MHU_TX_STATUS		0x100
#define MHU_TX_SET		0x108
#define DOORBELL		1u

#define PROTOCOL_BASE		0x10
#define PROTOCOL_CLOCK		0x14
#define VERSION_BASE		0x20000
#define VERSION_CLOCK		0x10000

#define SUCCESS			0
#define NOT_SUPPORTED		(-1)
#define INVALID_PARAMETERS	(-2)
#define NOT_FOUND		(-4)
#define HARDWARE_ERROR		(-9)

#define MAX_WORDS		32
#define NAME_WORDS		4

/**
 * struct message - a request, and its answer behind the status
 * @in: payload
 * @out: words after the status
 * @words: how many
 */
struct message {
	uint32_t in[MAX_WORDS];
	uint32_t out[MAX_WORDS];
	unsigned int words;
};

static void put_word(struct message *message, uint32_t word)
{
	message->out[message->words++] = word;
}

static void put_name(struct message *message, const char *name)
{
	char padded[NAME_WORDS * 4] = { 0 };

	memcpy(padded, name, strlen(name));
	memcpy(&message->out[message->words], padded, sizeof(padded));
	message->words += NAME_WORDS;
}

static int32_t base_protocol(struct message *message, unsigned int id)
{
	switch (id) {
	case 0:	/* version */
		put_word(message, VERSION_BASE);
		return SUCCESS;
	case 1:	/* one protocol, one agent */
		put_word(message, 1 | 1 << 8);
		return SUCCESS;
	case 2:	/* attributes of a message: none */
		put_word(message, 0);
		return SUCCESS;
	case 3:	/* vendor */
	case 4:
		put_name(message, "rockchip");
		return SUCCESS;
	case 5:	/* implementation */
		put_word(message, 0);
		return SUCCESS;
	case 6:	/* protocols, beginning with the one that is asked for */
		put_word(message, message->in[0] ? 0 : 1);
		put_word(message, PROTOCOL_CLOCK);
		return SUCCESS;
	}
	return NOT_SUPPORTED;
}

static int32_t describe_rates(const struct twin_island_soc *soc, struct message *message, uint32_t first)
{
	unsigned int i;

	if (first >= soc->rates)
		return INVALID_PARAMETERS;
	put_word(message, soc->rates - first);
	for (i = first; i < soc->rates; i++) {
		put_word(message, soc->rate[i].hz);
		put_word(message, soc->rate[i].hz >> 32);
	}
	return SUCCESS;
}

static void check_call(struct twin *twin, uint64_t hz)
{
	unsigned int i;

	if (hz > twin_island_parked_hz(twin) && !twin_island_reaches(twin, twin->soc->island->clock_domain))
		twin_error(twin, TWIN_ERROR_RATE, TWIN_NO_CORE, hz, "rate call without the power domain");
	for (i = 0; i < twin->config.cores; i++)
		if (hz <= twin_island_parked_hz(twin) && twin->island.rate_hz > twin_island_parked_hz(twin) &&
		    twin_island_core_busy(twin, i))
			twin_error(twin, TWIN_ERROR_RATE, i, hz, "clock parked while a core runs");
	twin_island_check_rate(twin, hz, "rate call");
}

static int32_t set_rate(struct twin *twin, uint64_t wanted)
{
	const struct twin_island_soc *soc = twin->soc->island;
	struct twin_island *island = &twin->island;
	unsigned int i = soc->rates - 1;

	if (island->refuse_rate) {
		island->refuse_rate--;
		return HARDWARE_ERROR;
	}
	while (i && soc->rate[i].hz > wanted)
		i--;
	check_call(twin, soc->rate[i].hz);
	island->rate_hz = soc->rate[i].hz;
	island->rate_calls++;
	twin->clock_mhz = soc->rate[i].hz / 1000000;
	return SUCCESS;
}

static int32_t npu_clock(struct twin *twin, struct message *message, unsigned int id)
{
	switch (id) {
	case 3:	/* enabled */
		put_word(message, 1);
		put_name(message, "scmi_clk_npu");
		return SUCCESS;
	case 4:
		return describe_rates(twin->soc->island, message, message->in[1]);
	case 5:
		return set_rate(twin, message->in[2] | (uint64_t)message->in[3] << 32);
	case 6:
		put_word(message, twin->island.rate_hz);
		put_word(message, twin->island.rate_hz >> 32);
		return SUCCESS;
	case 7:	/* on and off do nothing [seen: TF-A] */
		return SUCCESS;
	}
	return NOT_SUPPORTED;
}

static int32_t clock_protocol(struct twin *twin, struct message *message, unsigned int id)
{
	switch (id) {
	case 0:
		put_word(message, VERSION_CLOCK);
		return SUCCESS;
	case 1:
		/* They are numbered from 0, and the kernel asks about each. */
		put_word(message, twin->soc->island->scmi_clock + 1);
		return SUCCESS;
	case 2:
		put_word(message, 0);
		return SUCCESS;
	}
	/* The clock's number is the first word, but for a rate, which has flags before it */
	if (message->in[id == 5 ? 1 : 0] != twin->soc->island->scmi_clock)
		return NOT_FOUND;
	return npu_clock(twin, message, id);
}

/* ---- Shared memory and doorbell ---- */

static uint32_t shmem_word(struct twin *twin, uint32_t offset)
{
	uint32_t word = 0;

	twin->ops.mem_read(twin->opaque, SHMEM_ADDR + offset, &word, sizeof(word));
	return word;
}

static void set_shmem_word(struct twin *twin, uint32_t offset, uint32_t word)
{
	twin->ops.mem_write(twin->opaque, SHMEM_ADDR + offset, &word, sizeof(word));
}

static void ring(struct twin *twin)
{
	/* Rung again while the guest still answers the last one, it would be lost. */
	if (twin->island.bell)
		twin->island.ringing = true;
	twin->island.bell |= DOORBELL;
	twin->ops.irq_set(twin->opaque, TWIN_LINE_MHU, twin->island.bell);
}

static void serve(struct twin *twin)
{
	uint32_t header = shmem_word(twin, SHMEM_HEADER);
	unsigned int protocol = header >> 10 & 0xff;
	struct message message = { .words = 0 };
	unsigned int id = header & 0xff;
	int32_t status = NOT_SUPPORTED;
	unsigned int i;

	twin->ops.mem_read(twin->opaque, SHMEM_ADDR + SHMEM_PAYLOAD, message.in, sizeof(message.in));
	if (protocol == PROTOCOL_BASE)
		status = base_protocol(&message, id);
	else if (protocol == PROTOCOL_CLOCK)
		status = clock_protocol(twin, &message, id);
	if (status != SUCCESS)
		message.words = 0;
	set_shmem_word(twin, SHMEM_PAYLOAD, status);
	for (i = 0; i < message.words; i++)
		set_shmem_word(twin, SHMEM_PAYLOAD + 4 + 4 * i, message.out[i]);
	/* Header, status, data */
	set_shmem_word(twin, SHMEM_LENGTH, 8 + 4 * message.words);
	set_shmem_word(twin, SHMEM_STATUS, SHMEM_STATUS_FREE);
	if (shmem_word(twin, SHMEM_FLAGS) & SHMEM_FLAGS_INTERRUPT)
		ring(twin);
}

uint32_t twin_mhu_read(struct twin *twin, uint64_t addr, unsigned int bytes)
{
	if (!twin_access_is_word(twin, TWIN_NO_CORE, addr, bytes))
		return 0;
	/* What the guest rang for has been served */
	return addr - TWIN_MHU_ADDR == MHU_RX_STATUS ? twin->island.bell : 0;
}

void twin_mhu_write(struct twin *twin, uint64_t addr, uint32_t value, unsigned int bytes)
{
	if (!twin_access_is_word(twin, TWIN_NO_CORE, addr, bytes))
		return;
	switch (addr - TWIN_MHU_ADDR) {
	case MHU_TX_SET:
		if (value & DOORBELL)
			serve(twin);
		break;
	case MHU_RX_CLEAR:
		twin->island.bell &= ~value;
		if (twin->island.ringing && !twin->island.bell) {
			twin->island.ringing = false;
			twin->island.bell = DOORBELL;
		}
		twin->ops.irq_set(twin->opaque, TWIN_LINE_MHU, twin->island.bell);
		break;
	}
}

void twin_scmi_power_on(struct twin *twin)
{
	set_shmem_word(twin, SHMEM_STATUS, SHMEM_STATUS_FREE);
	twin->ops.irq_set(twin->opaque, TWIN_LINE_MHU, false);
}
