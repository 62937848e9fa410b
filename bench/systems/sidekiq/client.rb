# frozen_string_literal: true

# The producer of Sidekiq in the bench: answers requests, one JSON object a line, each with one line of JSON.
require "json"
require "sidekiq"
require "sidekiq/api"
require_relative "connection"

$stdout.sync = true
QUEUE = ENV.fetch("BENCH_QUEUE")
JOB = { "class" => "Work", "queue" => QUEUE, "retry" => 2 }.freeze

Sidekiq.configure_client { |config| config.redis = CONNECTION }
Sidekiq.strict_args!(false)

def answer(request)
  case request.fetch("do")
  when "add" then request.fetch("payloads").map { |payload| Sidekiq::Client.push(JOB.merge("args" => [payload])) }
  when "addBulk" then Sidekiq::Client.push_bulk(JOB.merge("args" => request.fetch("payloads").map { |payload| [payload] }))
  when "completed" then Sidekiq.redis { |redis| redis.call("HLEN", "results:#{QUEUE}") }
  when "waiting" then Sidekiq::Queue.new(QUEUE).size + Sidekiq::RetrySet.new.size
  end
end

Sidekiq.redis { |redis| redis.call("PING") }
$stdout.puts("ready")
$stdin.each_line { |line| $stdout.puts(JSON.generate(answer(JSON.parse(line)))) }
