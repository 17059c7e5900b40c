/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The twin's control page, for benchmarks: without one there is nothing to measure.
 */
#ifndef BENCH_TWIN_H
#define BENCH_TWIN_H

#include <fcntl.h>
#include <sys/mman.h>

#include "bench.h"
#include "rknpu_twin_regs.h"

static inline volatile uint32_t *bench_twin(void)
{
	int fd = open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC);
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, TWIN_CTL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, TWIN_CTL_ADDR);
	volatile uint32_t *twin = map;

	if (map == MAP_FAILED)
		fail("control page of the hardware twin", errno);
	close(fd);
	if (twin[TWIN_ID / 4] != TWIN_ID_VALUE)
		fail("hardware twin", ENODEV);
	return twin;
}

#endif /* BENCH_TWIN_H */
