# frozen_string_literal: true

# What the `sidekiq` command loads in the bench. It says a line a handler that began and a line a stored result, and ends in
# good order, as on SIGTERM, when its input is closed.
require "json"
require "logger"
require_relative "connection"

BEHAVIOUR = ENV.fetch("BENCH_BEHAVIOUR")
RESULT = JSON.parse(ENV.fetch("BENCH_RESULT"))
RESULTS = "results:#{ENV.fetch("BENCH_QUEUE")}"
REPORTS = ENV.fetch("BENCH_REPORTS").split(",")
LINES = Queue.new

# What Sidekiq itself prints must not come between the lines.
OUT = $stdout.dup
$stdout.reopen($stderr)

# One thread writes what all threads say, so that none of them waits for the pipe.
Thread.new do
  loop do
    text = +LINES.pop
    text << LINES.pop until LINES.empty?
    OUT.syswrite(text)
  end
end

# Said again, since Sidekiq does not hear it while it starts.
Thread.new do
  $stdin.read
  loop do
    Process.kill("TERM", Process.pid)
    sleep 1
  end
end

def report(kind, line)
  LINES << line if REPORTS.include?(kind)
end

class Work
  include Sidekiq::Job

  def perform(_payload)
    report("started", "s#{jid}\n")
    sleep if BEHAVIOUR == "hold"
    result = JSON.generate(RESULT)
    Sidekiq.redis { |redis| redis.call("HSET", RESULTS, jid, result) }
    report("done", "d#{jid}\n")
  end
end

Sidekiq.configure_server do |config|
  config.logger.level = Logger::FATAL
  config.redis = CONNECTION
  config.on(:startup) { LINES << "ready\n" }
end
