/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * Replaces the file that QEMU's configure generates. Defines only what QEMU's
 * headers need on a Linux host; no structure that the glue uses depends on it.
 */
#pragma once
#define CONFIG_LINUX 1
#define CONFIG_POSIX 1
#define CONFIG_MODULES 1
#define CONFIG_PLUGIN 1
#define CONFIG_TCG 1
#if defined(__x86_64__)
#define HOST_X86_64 1
#define CONFIG_CPUID_H 1
#elif defined(__aarch64__)
#define HOST_AARCH64 1
#endif
#define CONFIG_ACCEPT4 1
#define CONFIG_ATOMIC64 1
#define CONFIG_BYTESWAP_H 1
#define CONFIG_EVENTFD 1
#define CONFIG_INT128 1
#define CONFIG_INT128_TYPE 1
#define CONFIG_IOVEC 1
#define CONFIG_MADVISE 1
#define CONFIG_PREADV 1
#define CONFIG_SIGNALFD 1
