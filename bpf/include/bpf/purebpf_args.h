/* SPDX-License-Identifier: MIT */
/*
 * What the other headers are built with: macros over lists of arguments. Programs get it through them.
 * Only the names that begin with ___bpf_ are there for programs, which use them in macros of their own.
 */
#ifndef PUREBPF_BPF_PUREBPF_ARGS_H_
#define PUREBPF_BPF_PUREBPF_ARGS_H_

#ifndef ___bpf_concat
#define ___bpf_concat(a, b) a##b
#endif
/* macro_n, n being computed. */
#ifndef ___bpf_apply
#define ___bpf_apply(macro, n) ___bpf_concat(macro, n)
#endif
/* A macro does not expand inside itself: chains of reads stand inside of what ___bpf_apply calls. */
#define PUREBPF_JOIN2(a, b) a##b
#define PUREBPF_JOIN(a, b) PUREBPF_JOIN2(a, b)

/* How many arguments there are, 0 to 12; how many pairs. */
#ifndef ___bpf_nth
#define ___bpf_nth(_, _1, _2, _3, _4, _5, _6, _7, _8, _9, _a, _b, _c, N, ...) N
#endif
#ifndef ___bpf_narg
#define ___bpf_narg(...) ___bpf_nth(_, ##__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#endif
#define PUREBPF_25TH(z, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, N, ...) N
#define PUREBPF_PAIRS(...)                                                                          \
  PUREBPF_25TH(z, ##__VA_ARGS__, 12, odd, 11, odd, 10, odd, 9, odd, 8, odd, 7, odd, 6, odd, 5, odd, \
               4, odd, 3, odd, 2, odd, 1, odd, 0)

/* Code for which a warning is silent. */
#define PUREBPF_PRAGMA(words) _Pragma(#words)
#define PUREBPF_WITHOUT(warning, code...) \
  PUREBPF_PRAGMA(GCC diagnostic push) PUREBPF_PRAGMA(GCC diagnostic ignored warning) code \
  PUREBPF_PRAGMA(GCC diagnostic pop)

/* Each argument in turn, as 64 bits, to where ___at points. */
#define PUREBPF_PUT0()
#define PUREBPF_PUT1(x) *___at++ = (unsigned long long)(x);
#define PUREBPF_PUT2(x, rest...) PUREBPF_PUT1(x) PUREBPF_PUT1(rest)
#define PUREBPF_PUT3(x, rest...) PUREBPF_PUT1(x) PUREBPF_PUT2(rest)
#define PUREBPF_PUT4(x, rest...) PUREBPF_PUT1(x) PUREBPF_PUT3(rest)
#define PUREBPF_PUT5(x, rest...) PUREBPF_PUT1(x) PUREBPF_PUT4(rest)
#define PUREBPF_PUT6(x, rest...) PUREBPF_PUT1(x) PUREBPF_PUT5(rest)
#define PUREBPF_PUT7(x, rest...) PUREBPF_PUT1(x) PUREBPF_PUT6(rest)
#define PUREBPF_PUT8(x, rest...) PUREBPF_PUT1(x) PUREBPF_PUT7(rest)
#define PUREBPF_PUT9(x, rest...) PUREBPF_PUT1(x) PUREBPF_PUT8(rest)
#define PUREBPF_PUT10(x, rest...) PUREBPF_PUT1(x) PUREBPF_PUT9(rest)
#define PUREBPF_PUT11(x, rest...) PUREBPF_PUT1(x) PUREBPF_PUT10(rest)
#define PUREBPF_PUT12(x, rest...) PUREBPF_PUT1(x) PUREBPF_PUT11(rest)
#ifndef ___bpf_fill
#define ___bpf_fill(words, args...)                                 \
  ({                                                                \
    unsigned long long* ___at = (words);                            \
    ___bpf_apply(PUREBPF_PUT, ___bpf_narg(args))(args) (void)___at; \
  })
#endif

/* `, get(1), get(2)...`: n of them. */
#define PUREBPF_FIRST0(get)
#define PUREBPF_FIRST1(get) , get(1)
#define PUREBPF_FIRST2(get) PUREBPF_FIRST1(get), get(2)
#define PUREBPF_FIRST3(get) PUREBPF_FIRST2(get), get(3)
#define PUREBPF_FIRST4(get) PUREBPF_FIRST3(get), get(4)
#define PUREBPF_FIRST5(get) PUREBPF_FIRST4(get), get(5)
#define PUREBPF_FIRST6(get) PUREBPF_FIRST5(get), get(6)
#define PUREBPF_FIRST7(get) PUREBPF_FIRST6(get), get(7)
#define PUREBPF_FIRST8(get) PUREBPF_FIRST7(get), get(8)
#define PUREBPF_FIRST9(get) PUREBPF_FIRST8(get), get(9)
#define PUREBPF_FIRST10(get) PUREBPF_FIRST9(get), get(10)
#define PUREBPF_FIRST11(get) PUREBPF_FIRST10(get), get(11)
#define PUREBPF_FIRST12(get) PUREBPF_FIRST11(get), get(12)

#endif /* PUREBPF_BPF_PUREBPF_ARGS_H_ */
