/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Fences of another driver that a job can wait for.
 */
#ifndef FOREIGN_H
#define FOREIGN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A fence of another driver that signals on request: of the kernel's test driver
 * sw_sync if available, otherwise of vgem. Skips the case if there is neither.
 */
struct foreign {
	int fence;		/* sync file */
	int device, buffer;
	uint32_t handle;
};

void foreign_init(struct foreign *f);
void foreign_signal(struct foreign *f);
/* Abandons the fence: the driver signals it, sw_sync with an error. Closes all but the sync file. */
void foreign_abandon(struct foreign *f);

#endif /* FOREIGN_H */
