-- Writes what a run has found into the READMEs, of its file: the chapters "Measured" and "Sizes"
-- of the project's, the seconds of each part in the bench's.
--   lua5.4 spec/bench/readme.lua BUILD_DIRECTORY RESULTS README README_OF_THE_BENCH
package.cpath = arg[1] .. "/?.so;" .. package.cpath
package.path = "./lua/?.lua;./lua/?/init.lua;./spec/?.lua;" .. package.path

local chapter = require "bench.chapter"
local files = require "support.files"
local results = require "bench.results"

local document = assert(results.read(arg[2]))
files.write(arg[3], assert(chapter.replace(files.read(arg[3]), document)))
files.write(arg[4], chapter.with_seconds(files.read(arg[4]), document))
