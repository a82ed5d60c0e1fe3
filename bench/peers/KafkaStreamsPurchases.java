import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;

/**
 * The purchase flow of demos/purchases in Kafka Streams: one stream thread, the DSL, Jackson on plain fields. Reads bench/peers/plan.ts's
 * Plan as JSON from its first argument and prints a Report as its last line, measured as meter.ts does: between two confirmed commits.
 */
public final class KafkaStreamsPurchases {
  private static final ObjectMapper json = new ObjectMapper();

  public static final class Plan {
    public List<String> brokers;
    public String group;
    public String input;
    public long records;
    public long warmUp;
    public String tuning;
    public String guarantee; // at least once where it is absent
  }

  public static final class Purchase {
    public String customerId;
    public String storeId;
    public String zipCode;
    public String item;
    public String department;
    public int quantity;
    public double price;
    public String purchasedAt;
    public String cardNumber;
  }

  public static final class Pattern {
    public String zipCode;
    public String item;
    public String purchasedAt;
    public double amount;
  }

  public static final class Reward {
    public String customerId;
    public double amount;
    public long points;
  }

  private static <T> Serde<T> serde(Class<T> type) {
    ObjectWriter writer = json.writerFor(type);
    ObjectReader reader = json.readerFor(type);
    return Serdes.serdeFrom(
        (topic, value) -> {
          try {
            return writer.writeValueAsBytes(value);
          } catch (IOException error) {
            throw new UncheckedIOException(error);
          }
        },
        (topic, bytes) -> {
          try {
            return reader.readValue(bytes);
          } catch (IOException error) {
            throw new UncheckedIOException(error);
          }
        });
  }

  /** An x for every digit but the last four; separators stay. */
  private static String masked(String cardNumber) {
    char[] symbols = cardNumber.toCharArray();
    int digits = 0;
    for (int i = symbols.length - 1; i >= 0; i--) {
      if (symbols[i] >= '0' && symbols[i] <= '9' && ++digits > 4) symbols[i] = 'x';
    }
    return new String(symbols);
  }

  /** As demos/purchases/amount.ts: rounded half up to cents, of the decimal number that stands in the JSON. */
  private static double amountOf(Purchase purchase) {
    double cents = purchase.quantity * purchase.price * 100;
    double nearest = Math.floor(cents + 0.5);
    if (cents < 1e12 && Math.abs(cents - nearest) < 0.499) return nearest / 100;
    return BigDecimal.valueOf(purchase.price)
        .multiply(BigDecimal.valueOf(purchase.quantity))
        .setScale(2, RoundingMode.HALF_UP)
        .doubleValue();
  }

  private static Pattern toPattern(Purchase purchase) {
    Pattern pattern = new Pattern();
    pattern.zipCode = purchase.zipCode;
    pattern.item = purchase.item;
    pattern.purchasedAt = purchase.purchasedAt;
    pattern.amount = amountOf(purchase);
    return pattern;
  }

  private static Reward toReward(Purchase purchase) {
    Reward reward = new Reward();
    reward.customerId = purchase.customerId;
    reward.amount = amountOf(purchase);
    reward.points = (long) Math.floor(reward.amount);
    return reward;
  }

  /** Masks, and asks for a commit after the last record, which would otherwise wait for the interval. */
  private static final class Mask implements FixedKeyProcessor<byte[], Purchase, Purchase> {
    private static long seen = 0; // one stream thread
    private final long last;
    private FixedKeyProcessorContext<byte[], Purchase> context;

    Mask(long last) {
      this.last = last;
    }

    @Override
    public void init(FixedKeyProcessorContext<byte[], Purchase> context) {
      this.context = context;
    }

    @Override
    public void process(FixedKeyRecord<byte[], Purchase> record) {
      record.value().cardNumber = masked(record.value().cardNumber);
      context.forward(record);
      if (++seen == last) context.commit();
    }
  }

  private static Properties settings(Plan plan, Path stateDir) {
    Properties settings = StreamsRun.settings(plan.group, plan.brokers, stateDir.toString());
    if ("exactly-once".equals(plan.guarantee)) {
      settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
      settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100); // its own default under this guarantee
    }
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.ACKS_CONFIG), "all");
    if ("as-it-comes".equals(plan.tuning)) return settings; // a linger of 100 ms, batches of 16 KiB
    settings.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 10_000); // at 1,000 it pauses partitions all the time
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 5000);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), "latency".equals(plan.tuning) ? 0 : 5);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 512 * 1024);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG), 64 * 1024 * 1024);
    return settings;
  }

  public static void main(String[] args) throws Exception {
    Plan plan = json.readValue(args[0], Plan.class);
    CommitMeter meter = new CommitMeter(plan.warmUp, plan.records);
    Path stateDir = Files.createTempDirectory("kafka-rx-streams");

    StreamsBuilder builder = new StreamsBuilder();
    KStream<byte[], Purchase> masked =
        builder.stream(plan.input, Consumed.with(Serdes.ByteArray(), serde(Purchase.class)))
            .processValues(() -> new Mask(plan.records));
    masked
        .map((key, purchase) -> KeyValue.pair(purchase.zipCode, toPattern(purchase)))
        .to("patterns", Produced.with(Serdes.String(), serde(Pattern.class)));
    masked
        .map((key, purchase) -> KeyValue.pair(purchase.customerId, toReward(purchase)))
        .to("rewards", Produced.with(Serdes.String(), serde(Reward.class)));
    masked
        .selectKey((key, purchase) -> purchase.customerId)
        .to("purchases", Produced.with(Serdes.String(), serde(Purchase.class)));

    try (KafkaStreams streams = new KafkaStreams(builder.build(), settings(plan, stateDir), meter.clients())) {
      StreamsRun.until(meter.done, streams);
    }
    System.out.println(json.writeValueAsString(meter.report()));
  }
}
