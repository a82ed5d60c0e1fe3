import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.QueryableStoreTypes;

/**
 * The last value of each key in Kafka Streams, filled or restored. Reads bench/restore/restore-plan.ts's RestorePlan as JSON from its first
 * argument and prints a RestoreReport as its last line.
 */
public final class KafkaStreamsRestore {
  private static final ObjectMapper json = new ObjectMapper();
  private static final int sampleSize = 1000;
  private static final Set<Integer> begun = ConcurrentHashMap.newKeySet();
  private static final AtomicLong taken = new AtomicLong();
  private static final AtomicLong restoringFrom = new AtomicLong(Long.MAX_VALUE);
  private static volatile long readyAt;
  private static volatile long readyCpuNs;
  private static final CountDownLatch done = new CountDownLatch(1);

  public static final class Plan {
    public String phase;
    public List<String> brokers;
    public String group;
    public String input;
    public int partitions;
    public long records;
    public int keys;
    public int valueBytes;
    public String store;
    public String directory;
  }

  private static final class Watch extends ContextualFixedKeyProcessor<String, String, String> {
    private final Plan plan;

    Watch(Plan plan) {
      this.plan = plan;
    }

    @Override
    public void process(FixedKeyRecord<String, String> record) {
      context().forward(record);
      begun.add(context().taskId().partition());
      boolean all = begun.size() == plan.partitions;
      if (all && readyAt == 0) {
        readyAt = System.nanoTime();
        readyCpuNs = cpuNs();
      }
      if (taken.incrementAndGet() >= plan.records && all) {
        context().commit();
        done.countDown();
      }
    }
  }

  private static final class Listener implements StateRestoreListener {
    @Override
    public void onRestoreStart(TopicPartition partition, String store, long from, long to) {
      restoringFrom.accumulateAndGet(System.nanoTime(), Math::min);
    }

    @Override
    public void onBatchRestored(TopicPartition partition, String store, long to, long count) {}

    @Override
    public void onRestoreEnd(TopicPartition partition, String store, long total) {}
  }

  private static long cpuNs() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
  }

  private static Properties settings(Plan plan) {
    Properties settings = StreamsRun.settings(plan.group, plan.brokers, plan.directory);
    settings.put(
        StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG,
        "memory".equals(plan.store)
            ? BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers.class
            : BuiltInDslStoreSuppliers.RocksDBDslStoreSuppliers.class);
    settings.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), 6000);
    settings.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), 2000);
    settings.put(StreamsConfig.restoreConsumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 5000);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.ACKS_CONFIG), "all");
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 5);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 512 * 1024);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG), 64 * 1024 * 1024);
    return settings;
  }

  private static void requireSample(KafkaStreams streams, Plan plan) {
    var store =
        streams.store(
            StoreQueryParameters.fromNameAndType("rows", QueryableStoreTypes.<String, String>keyValueStore()));
    for (int number = 0; number < plan.keys; number += Math.max(1, plan.keys / sampleSize)) {
      String key = String.format("%08d", number);
      String value = ".".repeat(plan.valueBytes - key.length()) + key;
      if (!value.equals(store.get(key))) throw new IllegalStateException(key + " was not restored");
    }
  }

  public static void main(String[] args) throws Exception {
    Plan plan = json.readValue(args[0], Plan.class);
    StreamsBuilder builder = new StreamsBuilder();
    builder.stream(plan.input, Consumed.with(Serdes.String(), Serdes.String()))
        .processValues(() -> new Watch(plan))
        .groupByKey(Grouped.with(Serdes.String(), Serdes.String()))
        .reduce(
            (before, value) -> value,
            Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as("rows").withCachingDisabled());

    long from = System.nanoTime();
    long cpuFrom = cpuNs();
    KafkaStreams streams = new KafkaStreams(builder.build(), settings(plan));
    streams.setGlobalStateRestoreListener(new Listener());
    StreamsRun.until(done, streams);
    if ("restore".equals(plan.phase)) requireSample(streams, plan);
    streams.close(
        CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
            .withTimeout(Duration.ofMinutes(10)));
    System.out.println(
        json.writeValueAsString(
            Map.of(
                "restoreMs", Math.max(0, (readyAt - restoringFrom.get()) / 1e6),
                "readyMs", (readyAt - from) / 1e6,
                "cpuMs", (readyCpuNs - cpuFrom) / 1e6)));
  }
}
