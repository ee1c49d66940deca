"""Tests that are replayed from recordings, and run with the running kernel: dual_test.h."""

load("@rules_cc//cc:defs.bzl", "cc_library", "cc_test")
load("//tools/build:copts.bzl", "TEST_COPTS")

def dual_test(name, srcs, deps, data = [], env = {}, tags = [], **kwargs):
    """NAME_test, which replays and needs no root, and NAME_live_test, which needs it.

    Args:
      name: ends in "_test"
      srcs: with DUAL_TEST cases
      deps: of both; //tests/support:dual_test is added
      data: of both; the recordings are added
      env: of both
      tags: of both; those of a test that needs root are added to the second
      **kwargs: for both
    """
    cases = name + "_cases"
    cc_library(
        name = cases,
        testonly = True,
        srcs = srcs,
        # Nothing refers to the tests in it.
        alwayslink = True,
        copts = TEST_COPTS,
        deps = deps + ["//tests/support:dual_test"],
    )
    cc_test(
        name = name,
        data = data + ["//tests/fixtures"],
        env = env,
        tags = tags,
        deps = [
            ":" + cases,
            "@googletest//:gtest_main",
        ],
        **kwargs
    )
    live = dict(env)
    live["PUREBPF_LIVE"] = "1"
    cc_test(
        name = name[:-len("_test")] + "_live_test",
        data = data + ["//tests/fixtures"],
        env = live,
        tags = tags + [
            "exclusive",
            "local",
            "records",
            "requires-root",
        ],
        deps = [
            ":" + cases,
            "@googletest//:gtest_main",
        ],
        **kwargs
    )
