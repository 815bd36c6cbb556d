-- Writes the chapter "Measured" of a README anew, of the file of a run.
--   lua5.4 spec/bench/readme.lua BUILD_DIRECTORY RESULTS README
package.cpath = arg[1] .. "/?.so;" .. package.cpath
package.path = "./lua/?.lua;./lua/?/init.lua;./spec/?.lua;" .. package.path

local chapter = require "bench.chapter"
local files = require "support.files"
local results = require "bench.results"

local document = assert(results.read(arg[2]))
files.write(arg[3], assert(chapter.replace(files.read(arg[3]), document)))
