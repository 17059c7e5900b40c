/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef TWIN_COMPUTE_TESTS_H
#define TWIN_COMPUTE_TESTS_H

void mac_tests(void);
void exact_tests(void);
void type_tests(void);
void dcomp_tests(void);
void in_cvt_tests(void);
void refuse_cna_tests(void);
void path_tests(void);
void conv_tests(void);
void layout_tests(void);
void output_tests(void);
void flying_tests(void);
void order_tests(void);
void pool_tests(void);
void dpu_refuse_tests(void);
void rk356x_tests(void);
void refuse_tests(void);
void fault_tests(void);
void spread_tests(void);

#endif /* TWIN_COMPUTE_TESTS_H */
