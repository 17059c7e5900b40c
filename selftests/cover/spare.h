/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef SPARE_H
#define SPARE_H

#include <linux/kconfig.h>

#if IS_ENABLED(CONFIG_FAULT_INJECTION)
void spare_init(void);
void spare_exit(void);
#else
static inline void spare_init(void) {}
static inline void spare_exit(void) {}
#endif

#endif /* SPARE_H */
