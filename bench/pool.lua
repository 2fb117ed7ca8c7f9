-- Sends a pool of requests in turn. Each line of the file named as the argument is one of them: its path, then its
-- headers as `name: value`, separated by tabs.

local pool = {}
local next_one = 0

function init(arguments)
  for line in io.lines(arguments[1]) do
    local path, headers = nil, {}
    for field in line:gmatch("[^\t]+") do
      if path then
        local name, value = field:match("^([^:]+): (.*)$")
        headers[name] = value
      else
        path = field
      end
    end
    pool[#pool + 1] = wrk.format("GET", path, headers)
  end
end

function request()
  next_one = next_one % #pool + 1
  return pool[next_one]
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
  io.write(string.format('POOL {"requests":%d,"micros":%d,"failed":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration, failed, latency:percentile(50), latency:percentile(99)))
end
