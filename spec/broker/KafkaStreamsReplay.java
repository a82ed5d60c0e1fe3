import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;

/**
 * What replay-is-live.spec.ts counts, in Kafka Streams: by the value of each record, in windows, behind a repartition. Reads its plan as JSON from
 * its first argument and prints how many records it dropped as late as its last line.
 */
public final class KafkaStreamsReplay {
  private static final ObjectMapper json = new ObjectMapper();

  public static final class Plan {
    public List<String> brokers;
    public String group;
    public String input;
    public String output;
    public long records;
    public long windowMs;
    public long graceMs;
    public String directory;
  }

  private static Properties settings(Plan plan) {
    Properties settings = StreamsRun.settings(plan.group, plan.brokers, plan.directory);
    // RocksDB has a database for each hour, and opens it when the first record of it comes.
    settings.put(
        StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG, BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers.class);
    return settings;
  }

  private static long dropped(KafkaStreams streams) {
    return streams.metrics().values().stream()
        .filter(metric -> metric.metricName().name().equals("dropped-records-total"))
        .mapToLong(metric -> ((Number) metric.metricValue()).longValue())
        .sum();
  }

  public static void main(String[] args) throws Exception {
    Plan plan = json.readValue(args[0], Plan.class);
    // Once of its input, and once of the topic between.
    CommitMeter meter = new CommitMeter(0, 2 * plan.records);
    TimeWindows windows =
        TimeWindows.ofSizeAndGrace(Duration.ofMillis(plan.windowMs), Duration.ofMillis(plan.graceMs));

    StreamsBuilder builder = new StreamsBuilder();
    builder.stream(plan.input, Consumed.with(Serdes.String(), Serdes.String()))
        .groupBy((key, value) -> value, Grouped.with(Serdes.String(), Serdes.String()))
        .windowedBy(windows)
        .count()
        .toStream()
        .to(
            plan.output,
            Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, windows.size()), Serdes.Long()));

    long late;
    try (KafkaStreams streams = new KafkaStreams(builder.build(), settings(plan), meter.clients())) {
      StreamsRun.until(meter.done, streams);
      late = dropped(streams);
    }
    System.out.println(json.writeValueAsString(Map.of("late", late)));
  }
}
