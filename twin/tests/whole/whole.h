/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef TWIN_TEST_WHOLE_H
#define TWIN_TEST_WHOLE_H

void chain_tests(void);
/* Taken from the units' tests: each program goes through test-whole.c's task_run() */
void path_tests(void);
void layers_tests(void);

#endif /* TWIN_TEST_WHOLE_H */
