import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;

/**
 * Records counted by key in Kafka Streams: the DSL, one stream thread. Reads bench/state/state-plan.ts's StatePlan as JSON from its first
 * argument and prints a Report as its last line.
 */
public final class KafkaStreamsState {
  private static final ObjectMapper json = new ObjectMapper();
  private static final Duration grace = Duration.ofMinutes(10);

  public static final class Plan {
    public List<String> brokers;
    public String group;
    public String input;
    public String output;
    public long records;
    public long warmUp;
    public String tuning;
    public String guarantee; // at least once where it is absent
    public long intervalMs; // the default of the guarantee where it is absent
    public String operation;
    public String emit;
    public String store;
    public String directory;
  }

  /** Asks for a commit after the last record, which would otherwise wait for the interval. */
  private static final class Watch implements FixedKeyProcessor<String, byte[], byte[]> {
    private static long seen = 0; // one stream thread
    private final long last;
    private FixedKeyProcessorContext<String, byte[]> context;

    Watch(long last) {
      this.last = last;
    }

    @Override
    public void init(FixedKeyProcessorContext<String, byte[]> context) {
      this.context = context;
    }

    @Override
    public void process(FixedKeyRecord<String, byte[]> record) {
      context.forward(record);
      if (++seen == last) context.commit();
    }
  }

  private static <S extends StateStore> Materialized<String, Long, S> counts(Plan plan) {
    Materialized<String, Long, S> counts = Materialized.as("counts");
    counts.withKeySerde(Serdes.String()).withValueSerde(Serdes.Long());
    return "updates".equals(plan.emit) ? counts.withCachingDisabled() : counts;
  }

  private static void count(Plan plan, KGroupedStream<String, byte[]> keyed) {
    Serde<String> string = Serdes.String();
    switch (plan.operation) {
      case "count" ->
          keyed
              .count(KafkaStreamsState.<KeyValueStore<Bytes, byte[]>>counts(plan))
              .toStream()
              .to(plan.output, Produced.with(string, Serdes.Long()));
      case "tumbling" -> {
        TimeWindows windows = TimeWindows.ofSizeAndGrace(Duration.ofHours(1), grace);
        keyed
            .windowedBy(windows)
            .count(KafkaStreamsState.<WindowStore<Bytes, byte[]>>counts(plan))
            .toStream()
            .to(
                plan.output,
                Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, windows.size()), Serdes.Long()));
      }
      case "sliding" -> {
        SlidingWindows windows = SlidingWindows.ofTimeDifferenceAndGrace(Duration.ofMinutes(1), grace);
        keyed
            .windowedBy(windows)
            .count(KafkaStreamsState.<WindowStore<Bytes, byte[]>>counts(plan))
            .toStream()
            .to(
                plan.output,
                Produced.with(
                    WindowedSerdes.timeWindowedSerdeFrom(String.class, windows.timeDifferenceMs()), Serdes.Long()));
      }
      case "session" ->
          keyed
              .windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofMinutes(30), grace))
              .count(KafkaStreamsState.<SessionStore<Bytes, byte[]>>counts(plan))
              .toStream()
              .to(
                  plan.output,
                  Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.Long()));
      default -> throw new IllegalArgumentException(plan.operation);
    }
  }

  private static Properties settings(Plan plan) {
    Properties settings = StreamsRun.settings(plan.group, plan.brokers, plan.directory);
    boolean once = "exactly-once".equals(plan.guarantee);
    if (once) settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    // As kafka-rx; 30 s by default at least once.
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, plan.intervalMs > 0 ? plan.intervalMs : once ? 100 : 1000);
    settings.put(
        StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG,
        "memory".equals(plan.store)
            ? BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers.class
            : BuiltInDslStoreSuppliers.RocksDBDslStoreSuppliers.class);
    if ("updates".equals(plan.emit)) settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.ACKS_CONFIG), "all");
    settings.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 10_000); // at 1,000 it pauses partitions all the time
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 5000);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 5);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 512 * 1024);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG), 64 * 1024 * 1024);
    return settings;
  }

  public static void main(String[] args) throws Exception {
    Plan plan = json.readValue(args[0], Plan.class);
    CommitMeter meter = new CommitMeter(plan.warmUp, plan.records);

    StreamsBuilder builder = new StreamsBuilder();
    count(
        plan,
        builder.stream(plan.input, Consumed.with(Serdes.String(), Serdes.ByteArray()))
            .processValues(() -> new Watch(plan.records))
            .groupByKey(Grouped.with(Serdes.String(), Serdes.ByteArray())));

    try (KafkaStreams streams = new KafkaStreams(builder.build(), settings(plan), meter.clients())) {
      StreamsRun.until(meter.done, streams);
    }
    System.out.println(json.writeValueAsString(meter.report()));
  }
}
