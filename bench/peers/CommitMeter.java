import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.KafkaClientSupplier;

/** What a Kafka Streams program costs between two confirmed commits, as meter.ts measures it: a Report of bench/peers/plan.ts. */
final class CommitMeter {
  private final long warmUp;
  private final long records;
  private final Map<TopicPartition, Long> committed = new HashMap<>();
  private Moment from;
  private Moment to;
  final CountDownLatch done = new CountDownLatch(1);

  CommitMeter(long warmUp, long records) {
    this.warmUp = warmUp;
    this.records = records;
  }

  /** The default clients, but that the consumer tells of its commits, and the producer of those in its transactions. */
  KafkaClientSupplier clients() {
    return new Clients(this);
  }

  Map<String, Object> report() {
    return Map.of(
        "records", to.records - from.records,
        "wallMs", (to.wallNs - from.wallNs) / 1e6,
        "cpuMs", (to.cpuNs - from.cpuNs) / 1e6,
        "wroteMib", (to.wroteBytes - from.wroteBytes) / 1048576.0,
        "peakRssMib", numberIn(Path.of("/proc/self/status"), "VmHWM:") / 1024.0);
  }

  private void committed(Map<TopicPartition, OffsetAndMetadata> offsets) {
    offsets.forEach((partition, offset) -> committed.put(partition, offset.offset()));
    long sum = committed.values().stream().mapToLong(Long::longValue).sum();
    if (from == null && sum >= warmUp) from = Moment.at(sum);
    if (to == null && sum >= records) {
      to = Moment.at(sum);
      done.countDown();
    }
  }

  private record Moment(long records, long wallNs, long cpuNs, long wroteBytes) {
    static Moment at(long records) {
      var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
      long wrote = numberIn(Path.of("/proc/self/io"), "write_bytes:");
      return new Moment(records, System.nanoTime(), system.getProcessCpuTime(), wrote);
    }
  }

  /** 0 where there is no such file. */
  private static long numberIn(Path file, String name) {
    if (!Files.exists(file)) return 0;
    try {
      return Files.readAllLines(file).stream()
          .filter(line -> line.startsWith(name))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElse(0);
    } catch (IOException unreadable) {
      return 0;
    }
  }

  private record Clients(CommitMeter meter) implements KafkaClientSupplier {
    @Override
    public Admin getAdmin(Map<String, Object> config) {
      return Admin.create(config);
    }

    @Override
    public Producer<byte[], byte[]> getProducer(Map<String, Object> config) {
      return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer()) {
        private final Map<TopicPartition, OffsetAndMetadata> inTransaction = new HashMap<>();

        @Override
        public void sendOffsetsToTransaction(
            Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata group) {
          super.sendOffsetsToTransaction(offsets, group);
          inTransaction.putAll(offsets);
        }

        @Override
        public void commitTransaction() {
          super.commitTransaction();
          meter.committed(inTransaction);
          inTransaction.clear();
        }
      };
    }

    @Override
    public Consumer<byte[], byte[]> getConsumer(Map<String, Object> config) {
      return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer()) {
        @Override
        public void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets) {
          super.commitSync(offsets);
          meter.committed(offsets);
        }
      };
    }

    @Override
    public Consumer<byte[], byte[]> getRestoreConsumer(Map<String, Object> config) {
      return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @Override
    public Consumer<byte[], byte[]> getGlobalConsumer(Map<String, Object> config) {
      return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
  }
}
