#!/usr/bin/env node
import module from "node:module";

// Compiled code is kept between starts where Node can (22.8 and later).
module.enableCompileCache?.();
await import("../dist/cli.js");
