"""Tests against recorded conversations with a kernel: hermetic, in the sandbox, without root.

    load("@purebpf//tools/build:replay_test.bzl", "bpf_replay_test")

docs/TESTING.md shows it at work.
"""

load("@rules_cc//cc:defs.bzl", "cc_test")

def _replay_test(name, srcs, deps, fixtures, binary, args, exit_status, output, data, env, folder, kwargs):
    package = native.package_name()
    environment = dict(env)
    if binary:
        if srcs or deps:
            fail("bpf_replay_test %s: a program is `binary`, a GoogleTest `srcs` and `deps`" % name)
        if len(fixtures) != 1:
            fail("bpf_replay_test %s: a program has one of `fixtures`, not %d" % (name, len(fixtures)))
        deps = [Label("//tools/build:replay_runner")]
        args = ["$(rootpath %s)" % binary] + args
        data = data + [binary]
        environment["PUREBPF_FIXTURE"] = "$(rootpath %s)" % fixtures[0]
        environment["PUREBPF_EXIT_STATUS"] = str(exit_status)
        if output:
            data = data + [output]
            environment["PUREBPF_OUTPUT"] = "$(rootpath %s)" % output
    else:
        if exit_status or output:
            fail("bpf_replay_test %s: exit_status and output are of a `binary`" % name)
        deps = deps + [Label("//bpf/testing:replay_test")]
        environment["PUREBPF_FIXTURES"] = " ".join(["$(rootpath %s)" % file for file in fixtures])
        environment["PUREBPF_RECORD_COMMAND"] = "sudo PUREBPF_RECORD=%s bazel-bin/%s" % (
            "/".join([part for part in (package, folder) if part]) or ".",
            package + "/" + name if package else name,
        )
    cc_test(
        name = name,
        srcs = srcs,
        args = args,
        data = data + fixtures,
        env = environment,
        deps = deps,
        **kwargs
    )

def bpf_replay_test(
        name,
        srcs = [],
        deps = [],
        fixtures = None,
        binary = None,
        args = [],
        exit_status = 0,
        output = None,
        data = [],
        env = {},
        kernels = [],
        **kwargs):
    """A test against fixtures. Either a GoogleTest, or a program as it is.

    A GoogleTest has `srcs` and `deps`: its tests are TEST_Fs of purebpf::testing::ReplayTest
    ("purebpf/bpf/testing/replay_test.h"), each with the fixture SUITE.TEST.fixture. It is recorded by

        sudo PUREBPF_RECORD=PACKAGE bazel-bin/PACKAGE/NAME

    A program is a `binary` whose kernel comes from "purebpf/bpf/testing/tool_kernel.h". It is recorded
    by `purebpf record -o FIXTURE -- PROGRAM`, and the test fails where it replays nothing.

    Args:
      name: the test
      srcs: of a GoogleTest
      deps: of a GoogleTest; it brings its gtest_main. @purebpf//bpf/testing:replay_test is added
      fixtures: those of the tests, or the one of the binary; all *.fixture files of the package
        where nothing is said
      binary: the program, instead of srcs and deps
      args: the test's arguments, or the program's
      exit_status: that the program is to end with
      output: a file that holds what the program is to print on standard output; may be left out
      data: further files that it reads, by their paths in the workspace
      env: further variables, where the Bazel at hand has them
      kernels: of a GoogleTest that is to hold for several kernels: a folder of fixtures for each. NAME
        is then a test suite of NAME_KERNEL, which has the fixtures of its folder
      **kwargs: as for a cc_test: size, tags, copts, visibility...
    """
    if not kernels:
        if fixtures == None:
            fixtures = native.glob(["*.fixture"], allow_empty = True)
        _replay_test(name, srcs, deps, fixtures, binary, args, exit_status, output, data, env, "", kwargs)
        return
    if binary or fixtures != None:
        fail("bpf_replay_test %s: `kernels` is of a GoogleTest, whose fixtures are those in its folders" % name)
    for kernel in kernels:
        own = native.glob([kernel + "/*.fixture"], allow_empty = True)
        _replay_test(name + "_" + kernel, srcs, deps, own, None, args, exit_status, output, data, env, kernel, kwargs)
    native.test_suite(
        name = name,
        tests = [name + "_" + kernel for kernel in kernels],
    )
