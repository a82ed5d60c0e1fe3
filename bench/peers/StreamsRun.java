import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/** Runs a Kafka Streams program until what it is measured by is there. */
final class StreamsRun {
  private StreamsRun() {}

  static void until(CountDownLatch done, KafkaStreams streams) throws InterruptedException {
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          Runtime.getRuntime().halt(1); // the report would never come
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    streams.start();
    if (!done.await(1, TimeUnit.HOURS)) throw new IllegalStateException("not done within an hour");
  }
}
